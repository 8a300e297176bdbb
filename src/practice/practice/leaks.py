# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets that are nobody's: forty kinds, made from the seed, for a pod that prints what it should not. What was printed stands in the truth log."""

import base64
import string


def _text(generator, alphabet, length):
    return "".join(generator.choice(alphabet) for _ in range(length))


def kinds(world):
    """(line, secret) pairs: the secret is the part of the line that must never be stored or shown."""
    g = world.random("secrets")
    word = string.ascii_letters + string.digits
    hexa = "0123456789abcdef"

    def b64(size):
        return base64.b64encode(g.randbytes(size)).decode()

    def jwt():
        parts = [base64.urlsafe_b64encode(p).rstrip(b"=").decode() for p in (b'{"alg":"RS256","typ":"JWT"}', b'{"sub":"%s"}' % g.randbytes(8).hex().encode(), g.randbytes(48))]
        return ".".join(parts)

    def around(before, secret, after=""):
        return before + secret + after, secret

    pem = b64(120)
    found = [
        around("DefaultEndpointsProtocol=https;AccountName=nscdev;AccountKey=", b64(64), ";EndpointSuffix=core.windows.net"),
        around("Endpoint=sb://nsc.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=", b64(32), ";EntityPath=cdc-events"),
        around("SharedAccessSignature sr=nsc&sig=", b64(32).replace("+", "%2B").replace("/", "%2F").replace("=", "%3D"), "&se=1795400000&skn=send"),
        around("https://nscdev.blob.core.windows.net/c/b?sv=2022-11-02&sr=b&se=2026-12-01T00%3A00%3A00Z&sp=r&sig=", b64(32).replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")),
        around("client_secret=", _text(g, word, 34)),
        around("AZURE_CLIENT_SECRET=", _text(g, word, 3) + "8Q~" + _text(g, word, 34)),
        around("entra secret ", _text(g, word, 3) + "7Q~" + _text(g, word, 31)),
        around("password=", _text(g, word, 18)),
        around("pwd: ", _text(g, word, 16)),
        around("PGPASSWORD=", _text(g, word, 20)),
        around("DB_PASSWORD='", _text(g, word, 20), "'"),
        around("token=", _text(g, word, 40)),
        around("api_key=", _text(g, word, 32)),
        around("apikey: ", _text(g, word, 32)),
        around("Authorization: Bearer ", jwt()),
        around("Authorization: Basic ", b64(24)),
        around("Cookie: session=", _text(g, word, 40)),
        around("Set-Cookie: sid=", _text(g, word, 32), "; HttpOnly"),
        around("    client-key-data: ", b64(90)),
        around('{"accessToken":"', jwt(), '","expiresOn":"2026-11-23"}'),
        around('{"refreshToken": "', "0.AXkA" + _text(g, word, 60), '"}'),
        around("id_token ", jwt()),
        around("postgresql+psycopg://bo:", _text(g, word, 16), "@db:5432/bo"),
        around("postgres://bo:", _text(g, word, 8) + "@" + _text(g, word, 8), "@db/bo?sslmode=require"),
        around("amqps://user:", _text(g, word, 14), "@broker:5671"),
        around("redis://:", _text(g, word, 24), "@cache:6380/0"),
        around("https://deploy:", _text(g, word, 20), "@git.example/repo.git"),
        around("sasl.password=", _text(g, word, 28)),
        around("KAFKA_SASL_PASSWORD: ", _text(g, word, 28)),
        ("-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----" % pem, pem),
        around("-----BEGIN RSA PRIVATE KEY-----\n", b64(120)),
        around("eventhub key ", _text(g, word, 33) + "+AEh" + _text(g, word, 6) + "="),
        around("servicebus key ", _text(g, word, 33) + "+ASb" + _text(g, word, 6) + "="),
        around("storage key ", _text(g, word, 76) + "+ASt" + _text(g, word, 6) + "=="),
        around("cosmos key ", _text(g, word, 76) + "ACDb" + _text(g, word, 6) + "=="),
        around("relay key ", _text(g, word, 33) + "+ARm" + _text(g, word, 6) + "="),
        around("To sign in, use a web browser to open the page https://microsoft.com/devicelogin and enter the code ", _text(g, string.ascii_uppercase, 9),
               " to authenticate."),
        around('"connectionString": "InstrumentationKey=', "-".join(_text(g, hexa, n) for n in (8, 4, 4, 4, 12)), ';IngestionEndpoint=https://x/"'),
        around("secret: ", _text(g, word, 30)),
        around("x-functions-key: ", _text(g, word, 54) + "=="),
    ]
    return found


def printed(world, place):
    """All of them as text, noted in the truth log."""
    found = kinds(world)
    world.truth("secrets_printed", place=place, secrets=[secret for _line, secret in found])
    return "".join(line + "\n" for line, _secret in found)
