# SPDX-License-Identifier: Apache-2.0
"""The programs, what each does, and which labels its packets must have."""
import base64
import dataclasses
import glob
import hashlib
import os
import pwd
import shutil
import typing

import names_server
from stage import HERE, path_of

PYTHON = "/usr/bin/python3"  # a pyenv's shim would be another program
FILE_SIZE = 300_000


@dataclasses.dataclass(frozen=True)
class Program:
    """`serve` starts servers before the capture, `play` all else; both get the stage, the program's address and name.
    `ports` are those of its servers at that address, with the labels of clients and of servers."""
    name: str
    needs: tuple
    ports: dict
    play: typing.Callable
    serve: typing.Callable = None
    is_named: bool = True  # the client asks DNS for the server's name
    asks_resolver: bool = False  # what it does is DNS
    transport: str = None  # that it must use

    def missing(self):
        return next((command for command in self.needs if not path_of(command)), None)

    @property
    def labels(self):
        return frozenset().union(*(side for sides in self.ports.values() for side in sides))


PROGRAMS = {}


def between(clients, servers):
    return frozenset(clients.split()), frozenset(servers.split())


def program(name, needs, ports, serve=None, **how):
    def keep(play):
        PROGRAMS[name] = Program(name, tuple(needs.split()), ports, play, serve, **how)
        return play
    return keep


def expect(text, wanted):
    if wanted not in text:
        raise RuntimeError(f"{wanted!r} is not in what the program said: {text[:500]!r}")


def serve_nginx(stage, address, host):
    """One for all: files with and without TLS, git through FastCGI, and a proxy."""
    directory = stage.directory / f"nginx-{host}"
    if directory.exists():
        return
    for name in ("www", "git"):
        (directory / name).mkdir(parents=True)
    (directory / "www" / "file").write_bytes(os.urandom(FILE_SIZE))
    (directory / "www" / "page.html").write_text(
        "<title>old</title><img src=/file><script>document.title = 'played'</script>", encoding="ascii")
    certificate(stage, directory)
    (directory / "nginx.conf").write_text(f"""
daemon off;
worker_processes 2;
pid {directory}/pid;
error_log stderr;
user root;
events {{}}
http {{
  access_log off;
  types {{ text/html html; }}
  client_body_temp_path {directory}; proxy_temp_path {directory}; fastcgi_temp_path {directory};
  uwsgi_temp_path {directory}; scgi_temp_path {directory};
  server {{
    listen {address}:80;
    listen {address}:443 ssl;
    ssl_certificate {directory}/certificate;
    ssl_certificate_key {directory}/key;
    root {directory}/www;
    location /git {{
      fastcgi_pass unix:{directory}/fcgi;
      fastcgi_param SCRIPT_FILENAME /usr/lib/git-core/git-http-backend;
      fastcgi_param GIT_PROJECT_ROOT {stage.directory};
      fastcgi_param GIT_HTTP_EXPORT_ALL 1;
      fastcgi_param PATH_INFO $uri;
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param HOME {stage.directory};
    }}
    location /proxied {{ proxy_pass http://{address}:8000/; }}
  }}
}}
""", encoding="ascii")
    stage.serve([path_of("nginx"), "-p", directory, "-c", directory / "nginx.conf"], address, 443)


def certificate(stage, directory):
    stage.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=pcapml test",
               "-addext", "subjectAltName=DNS:*.example", "-keyout", directory / "key", "-out", directory / "certificate"])


@program("curl", "curl nginx openssl", dict.fromkeys((80, 443), between("curl", "nginx")), serve_nginx)
def play_curl(stage, address, host):
    stage.run(["curl", "-sS", "-o", "curl-1", f"http://{host}/file"])
    stage.run(["curl", "-sS", "-k", "-o", "curl-2", f"https://{host}/file"])


@program("wget", "wget nginx openssl", dict.fromkeys((80, 443), between("wget", "nginx")), serve_nginx)
def play_wget(stage, address, host):
    stage.run(["wget", "-q", "--no-check-certificate", "-O", "wget-1", f"http://{host}/file", f"https://{host}/file"])


@program("dig", "dig", {53: between("dig", names_server.COMM)}, is_named=False, asks_resolver=True)
def play_dig(stage, address, host):
    expect(stage.run(["dig", "+short", host]), address)
    expect(stage.run(["dig", "+tcp", "+short", host, "A", host, "A"]), address)
    expect(stage.run(["dig", "+noall", "+comments", "none.example"]), "NXDOMAIN")


# It has no ports, and names are looked for in flows of TCP and UDP.
@program("ping", "ping", {0: between("ping", "")}, is_named=False)
def play_ping(stage, address, host):
    expect(stage.run(["ping", "-n", "-c", "5", "-i", "0.01", host]), "5 received")


def serve_ssh(stage, address, host):
    directory = stage.directory / "ssh"
    directory.mkdir()
    for key in ("host", "user"):
        stage.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", directory / key])
    shutil.copy(directory / "user.pub", directory / "authorized")
    (directory / "config").write_text(f"""
Port 2222
ListenAddress {address}
HostKey {directory}/host
AuthorizedKeysFile {directory}/authorized
StrictModes no
UsePAM no
PermitRootLogin yes
PidFile none
""", encoding="ascii")
    stage.serve([path_of("sshd"), "-D", "-e", "-f", directory / "config"], address, 2222)


@program("ssh", "ssh sshd ssh-keygen", {2222: between("ssh", "sshd")}, serve_ssh)
def play_ssh(stage, address, host):
    command = ["ssh", "-F", "none", "-i", stage.directory / "ssh" / "user", "-p", "2222", "-o", "BatchMode=yes",
               "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", f"root@{host}"]
    expect(stage.run([*command, "echo", "over", "there"]), "over there")
    stage.run([*command, "head", "-c", str(FILE_SIZE), "/dev/zero"])


def make_repository(stage):
    where = stage.directory / "git"
    if where.exists():
        return
    (stage.directory / ".gitconfig").write_text("[safe]\n\tdirectory = *\n[user]\n\tname = test\n\temail = test@example\n",
                                                encoding="ascii")
    work = stage.directory / "git-work"
    stage.run(["git", "init", "-q", work], env=git_environment(stage))
    (work / "file").write_bytes(os.urandom(FILE_SIZE))
    stage.run(["git", "-C", work, "add", "file"], env=git_environment(stage))
    stage.run(["git", "-C", work, "commit", "-q", "-m", "one"], env=git_environment(stage))
    stage.run(["git", "clone", "-q", "--bare", work, where], env=git_environment(stage))


def git_environment(stage):
    return {"PATH": os.environ["PATH"], "HOME": str(stage.directory), "GIT_CONFIG_NOSYSTEM": "1"}


def serve_git_http(stage, address, host):
    make_repository(stage)
    serve_nginx(stage, address, host)
    stage.serve([path_of("fcgiwrap"), "-s", f"unix:{stage.directory}/nginx-{host}/fcgi"], address, None)


@program("git, http", "git nginx fcgiwrap openssl", {80: between("git git-remote-http", "nginx")}, serve_git_http)
def play_git_http(stage, address, host):
    stage.run(["git", "clone", "-q", f"http://{host}/git", "clone-http"], env=git_environment(stage))


def serve_git_daemon(stage, address, host):
    make_repository(stage)
    stage.serve(["git", "daemon", "--export-all", f"--listen={address}", f"--base-path={stage.directory}", "--reuseaddr"],
                address, 9418, env=git_environment(stage))


@program("git, daemon", "git", {9418: between("git", "git-daemon git")}, serve_git_daemon)
def play_git_daemon(stage, address, host):
    stage.run(["git", "clone", "-q", f"git://{host}/git", "clone-daemon"], env=git_environment(stage))


def serve_behind_nginx(stage, address, host):
    serve_nginx(stage, address, host)
    stage.serve([PYTHON, "-m", "http.server", "--bind", address, "8000"], address, 8000)


@program("nginx, proxy", f"nginx curl openssl {PYTHON}",
         {80: between("curl", "nginx"), 8000: between("nginx", "python3")}, serve_behind_nginx)
def play_nginx(stage, address, host):
    for _ in range(5):
        stage.run(["curl", "-sS", "-o", "curl-3", f"http://{host}/proxied"])


def postgres_programs():
    return (sorted(glob.glob("/usr/lib/postgresql/*/bin")) or ["/usr/lib/postgresql/none/bin"])[-1]


def serve_postgres(stage, address, host):
    owner = pwd.getpwnam("postgres")
    data = stage.directory / "postgres"
    data.mkdir(mode=0o700)
    os.chown(data, owner.pw_uid, owner.pw_gid)
    as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
    stage.run([*as_postgres, f"{postgres_programs()}/initdb", "-D", data, "-A", "trust", "--no-sync"])
    (data / "pg_hba.conf").write_text("host all all 192.0.2.0/24 trust\n", encoding="ascii")
    stage.serve([*as_postgres, f"{postgres_programs()}/postgres", "-D", data, "-h", address, "-k", data,
                 "-c", "fsync=off"], address, 5432)


@program("PostgreSQL", f"psql {postgres_programs()}/postgres setpriv", {5432: between("psql", "postgres")}, serve_postgres)
def play_postgres(stage, address, host):
    query = "select repeat('x', 100) from generate_series(1, 3000)"
    for _ in range(3):
        stage.run(["psql", "-h", host, "-U", "postgres", "-q", "-c", query])


def serve_redis(stage, address, host):
    stage.serve([path_of("redis-server"), "--bind", address, "--save", "", "--dir", stage.directory,
                 "--protected-mode", "no"], address, 6379)


@program("Redis", "redis-server redis-cli redis-benchmark",
         {6379: between("redis-cli redis-benchmark", "redis-server")}, serve_redis)
def play_redis(stage, address, host):
    expect(stage.run(["redis-cli", "-h", host, "set", "key", "value"]), "OK")
    expect(stage.run(["redis-cli", "-h", host, "get", "key"]), "value")
    stage.run(["redis-benchmark", "-h", host, "-q", "-c", "20", "-n", "2000", "-t", "set,get"])


CHROMIUM = "chromium chrome"


def visit(stage, host, *options):
    text = stage.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                      f"--user-data-dir={stage.directory}/chromium-{host}", *options, "--virtual-time-budget=2000",
                      "--dump-dom", f"https://{host}/page.html"], env={**os.environ, "HOME": str(stage.directory)})
    expect(text, "<title>played</title>")


@program("Chromium", "chromium nginx openssl", {443: between(CHROMIUM, "nginx")}, serve_nginx)
def play_chromium(stage, address, host):
    visit(stage, host, "--ignore-certificate-errors")


def serve_caddy(stage, address, host):
    """nginx of Debian 12 speaks no QUIC."""
    directory = stage.directory / "caddy"
    (directory / "www").mkdir(parents=True)
    (directory / "www" / "page.html").write_text("<title>old</title><script>document.title = 'played'</script>",
                                                 encoding="ascii")
    certificate(stage, directory)
    (directory / "Caddyfile").write_text(f"""
{{
  admin off
  auto_https off
  storage file_system {directory}
}}
https://{host} {{
  bind {address}
  tls {directory}/certificate {directory}/key
  root * {directory}/www
  file_server
}}
""", encoding="ascii")
    stage.serve(["caddy", "run", "--config", directory / "Caddyfile", "--adapter", "caddyfile"], address, 443,
                env={**os.environ, "HOME": str(directory)})


@program("Chromium, QUIC", "chromium caddy openssl", {443: between(CHROMIUM, "caddy")}, serve_caddy,
         transport="UDP")
def play_chromium_quic(stage, address, host):
    key = stage.run(["openssl", "x509", "-in", stage.directory / "caddy" / "certificate", "-pubkey", "-noout"])
    digest = hashlib.sha256(base64.b64decode("".join(key.splitlines()[1:-1]))).digest()
    visit(stage, host, "--enable-quic", f"--origin-to-force-quic-on={host}:443",
          f"--ignore-certificate-errors-spki-list={base64.b64encode(digest).decode()}")


@program("Python", PYTHON, {8000: between("python3", "python3")})
def play_python(stage, address, host):
    stage.serve([PYTHON, "-m", "http.server", "--bind", address, "8000"], address, 8000)
    stage.run([PYTHON, "-c", f"import urllib.request as u\nfor _ in range(3): u.urlopen('http://{host}:8000/').read()"])


# The name of its first thread: "node", until it began to name threads (nodejs/node#56416, not in version 20).
NODE = "node MainThread node-MainThread"


@program("Node", "node", {8080: between(NODE, NODE)})
def play_node(stage, address, host):
    stage.serve(["node", HERE / "server.js", address, "8080"], address, 8080)
    stage.run(["node", HERE / "client.js", f"http://{host}:8080/"])


@program("Java", "java", {8080: between("java", "java")})
def play_java(stage, address, host):
    stage.serve(["java", "-XX:-UsePerfData", HERE / "Server.java", address, "8080"], address, 8080)
    stage.run(["java", "-XX:-UsePerfData", HERE / "Client.java", f"http://{host}:8080/"])
