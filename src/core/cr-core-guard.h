/* cr-core-guard.h: included before everything else in src/core; what the core must not do does not compile
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <gio/gio.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <fcntl.h>
#include <time.h>
/* processes, network, files, clocks: the io layer's business */
#pragma GCC poison g_subprocess_new g_subprocess_newv g_subprocess_launcher_new g_spawn_async g_spawn_sync g_spawn_command_line_sync
#pragma GCC poison g_spawn_command_line_async g_shell_parse_argv system popen
#pragma GCC poison g_socket_new g_socket_client_new g_socket_listener_new g_resolver_get_default g_network_monitor_get_default
#pragma GCC poison g_file_new_for_path g_file_get_contents g_file_set_contents g_file_set_contents_full fopen open openat creat
#pragma GCC poison g_get_real_time g_get_monotonic_time g_date_time_new_now g_date_time_new_now_utc g_date_time_new_now_local time clock_gettime
#pragma GCC poison gtk_init adw_init soup_session_new
