/* test-payload-view.c: the payloads before and after, side by side
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "display.h"
#include "cr-payload-view.h"
#include <string.h>

/* recordings: idempotency-happy-1-before-body.txt, and its AFTER with the masked fields as 6-after-body.txt has them */
#define BODY(event, amount, lag) "{\"tx_id\":\"tx-pay-s1\",\"event_time\":\"" event "\",\"entry_type\":\"PAYMENT\",\"amount\":\"" amount \
  "\",\"status\":\"SETTLED\",\"related\":{\"related_id\":\"po-s1\",\"event_time\":\"inner\"},\"data_lag_sec\":" lag "}"
/* printf '%s' '<the same without the two fields, sorted>' | sha256sum is of no matter here: the view compares what it is given */
#define HASH_A "aaaaaaaabbbbbbbbccccccccddddddddeeeeeeeeffffffff0000000011111111"
#define HASH_B "22222222bbbbbbbbccccccccddddddddeeeeeeeeffffffff0000000011111111"

typedef struct {
  GtkWidget     *window;
  CrPayloadView *view;
  gboolean       compared;
} Fixture;

static void
compared_cb (Fixture *fixture)
{
  fixture->compared = TRUE;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->view = CR_PAYLOAD_VIEW (cr_payload_view_new ());
  g_signal_connect_swapped (fixture->view, "compared", G_CALLBACK (compared_cb), fixture);
  fixture->window = display_show (GTK_WIDGET (fixture->view), 900, 560);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  gtk_window_destroy (GTK_WINDOW (fixture->window));
}

static void
compare (Fixture *fixture, const char *before, const char *hash_before, const char *after, const char *hash_after)
{
  CrPayload a = { 200, (char *) before, before != NULL ? strlen (before) : 0, (char *) hash_before, G_GINT64_CONSTANT (1772366400000000) };
  CrPayload b = { 200, (char *) after, after != NULL ? strlen (after) : 0, (char *) hash_after, G_GINT64_CONSTANT (1772366409000000) };

  fixture->compared = FALSE;
  cr_payload_view_set_payloads (fixture->view, &a, &b);
  while (!fixture->compared)
    g_main_context_iteration (NULL, TRUE);
}

static void
assert_side (Fixture *fixture, gboolean after, const char *expected)
{
  g_autofree char *text = cr_payload_view_get_side (fixture->view, after);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_empty (Fixture *fixture, gconstpointer data)
{
  cr_payload_view_set_payloads (fixture->view, NULL, NULL);
  g_assert_cmpstr (cr_payload_view_get_page (fixture->view), ==, "empty");
  g_assert_true (gtk_widget_is_visible (display_find (GTK_WIDGET (fixture->view), GTK_TYPE_LABEL, "Nothing to Compare Yet")));
}

static void
test_equal (Fixture *fixture, gconstpointer data)
{
  g_test_summary ("Masked fields differ and are marked; that is no change. A field of the same name further inside is compared.");
  compare (fixture, BODY ("2026-11-23T09:12:21Z", "100.00", "24"), HASH_A, BODY ("2026-11-23T09:12:28Z", "100.00", "24"), HASH_A);
  g_assert_cmpstr (cr_payload_view_get_page (fixture->view), ==, "pair");
  g_assert_cmpuint (cr_payload_view_get_n_changes (fixture->view), ==, 0);
  g_assert_nonnull (display_find (GTK_WIDGET (fixture->view), GTK_TYPE_LABEL, "＝ Equal"));
  assert_side (fixture, TRUE,
               " {\n"
               "   \"amount\": \"100.00\",\n"
               "⊘  \"data_lag_sec\": 24,   ⊘ excluded from the hash; did not change\n"
               "   \"entry_type\": \"PAYMENT\",\n"
               "⊘  \"event_time\": \"2026-11-23T09:12:28Z\",   ⊘ excluded from the hash\n"
               "   \"related\": {\n"
               "     \"event_time\": \"inner\",\n"
               "     \"related_id\": \"po-s1\"\n"
               "   },\n"
               "   \"status\": \"SETTLED\",\n"
               "   \"tx_id\": \"tx-pay-s1\"\n"
               " }\n");
  g_assert_nonnull (strstr (cr_payload_view_get_summary (fixture->view), "event_time is excluded from the hash and changed."));
  g_assert_nonnull (strstr (cr_payload_view_get_summary (fixture->view), "data_lag_sec is excluded from the hash and did not change."));
  g_assert_nonnull (display_find (GTK_WIDGET (fixture->view), GTK_TYPE_LABEL,
                                  "aaaaaaaa bbbbbbbb cccccccc dddddddd eeeeeeee ffffffff 00000000 11111111"));
  display_picture (fixture->window, "test-payload-equal");
}

static void
test_different (Fixture *fixture, gconstpointer data)
{
  g_test_summary ("A changed amount is the one change, at its line, and the steps go there and no further");
  compare (fixture, BODY ("2026-11-23T09:12:21Z", "100.00", "24"), HASH_A, BODY ("2026-11-23T09:12:28Z", "200.00", "25"), HASH_B);
  g_assert_cmpuint (cr_payload_view_get_n_changes (fixture->view), ==, 1);
  g_assert_nonnull (display_find (GTK_WIDGET (fixture->view), GTK_TYPE_LABEL, "≠ Different"));
  g_assert_true (cr_payload_view_step (fixture->view, TRUE));
  g_assert_nonnull (display_find (GTK_WIDGET (fixture->view), GTK_TYPE_LABEL, "Change 1 of 1, line 2"));
  g_assert_false (cr_payload_view_step (fixture->view, TRUE));
  g_assert_nonnull (display_find (GTK_WIDGET (fixture->view), GTK_TYPE_LABEL, "No more changes"));
  display_picture (fixture->window, "test-payload-different");
}

static void
test_aligned (Fixture *fixture, gconstpointer data)
{
  g_test_summary ("Where one side has fewer lines, empty ones without a number fill up, so that equal lines stand beside each other");
  compare (fixture, "{\"a\":1,\"z\":9}", HASH_A, "{\"a\":1,\"b\":2,\"c\":3,\"z\":9}", HASH_B);
  assert_side (fixture, FALSE, " {\n   \"a\": 1,\n \n \n   \"z\": 9\n }\n");
  assert_side (fixture, TRUE, " {\n   \"a\": 1,\n+  \"b\": 2,\n+  \"c\": 3,\n   \"z\": 9\n }\n");
}

static void
test_not_json (Fixture *fixture, gconstpointer data)
{
  g_test_summary ("A body that is not JSON is shown as received, hostile characters made visible, with a caution");
  compare (fixture, "{\"a\":1}", HASH_A, "<html>\x1b[31m\xe2\x80\xae</html>", NULL);
  g_assert_nonnull (display_find (GTK_WIDGET (fixture->view), GTK_TYPE_LABEL, "⚠ The body after is not JSON: it is shown as received."));
  g_assert_nonnull (display_find (GTK_WIDGET (fixture->view), GTK_TYPE_LABEL, "? Not Known"));
  {
    g_autofree char *after = cr_payload_view_get_side (fixture->view, TRUE);

    g_assert_nonnull (strstr (after, "<html>"));
    g_assert_null (strchr (after, '\x1b'));
    g_assert_null (strstr (after, "\xe2\x80\xae"));
  }
}

static void
test_hashes_only (Fixture *fixture, gconstpointer data)
{
  compare (fixture, NULL, HASH_A, NULL, HASH_A);
  g_assert_cmpstr (cr_payload_view_get_page (fixture->view), ==, "hashes");
  g_assert_cmpstr (cr_payload_view_get_summary (fixture->view), ==, "Only the hashes are known: the payloads were not captured.");
  g_assert_nonnull (display_find (GTK_WIDGET (fixture->view), GTK_TYPE_LABEL, "＝ Equal"));
}

static void
test_newer_wins (Fixture *fixture, gconstpointer data)
{
  CrPayload old = { 200, (char *) "{\"old\":1}", 9, (char *) HASH_A, 0 };

  g_test_summary ("A comparison that was overtaken by a newer one never shows");
  cr_payload_view_set_payloads (fixture->view, &old, &old);
  compare (fixture, "{\"new\":1}", HASH_A, "{\"new\":1}", HASH_A);
  for (guint i = 0; i < 20; i++)
    g_main_context_iteration (NULL, FALSE);
  assert_side (fixture, FALSE, " {\n   \"new\": 1\n }\n");
}

static void
test_narrow (Fixture *fixture, gconstpointer data)
{
  compare (fixture, BODY ("2026-11-23T09:12:21Z", "100.00", "24"), HASH_A, BODY ("2026-11-23T09:12:28Z", "200.00", "25"), HASH_B);
  gtk_window_set_default_size (GTK_WINDOW (fixture->window), 360, 640);
  display_settle (fixture->window);
  display_settle (fixture->window);
  g_assert_cmpint (gtk_widget_get_width (fixture->window), <=, 360);
  display_picture (fixture->window, "test-payload-narrow");
}

int
main (int argc, char **argv)
{
  if (!display_init (&argc, &argv))
    return 0;
#define ADD(path, func) g_test_add ("/payload-view/" path, Fixture, NULL, set_up, func, tear_down)
  ADD ("empty", test_empty);
  ADD ("equal", test_equal);
  ADD ("different", test_different);
  ADD ("aligned", test_aligned);
  ADD ("not-json", test_not_json);
  ADD ("hashes-only", test_hashes_only);
  ADD ("newer-wins", test_newer_wins);
  ADD ("narrow", test_narrow);
  return g_test_run ();
}
