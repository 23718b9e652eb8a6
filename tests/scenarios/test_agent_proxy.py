#!/usr/bin/env python3
"""The agent behind a proxy: HTTP CONNECT or SOCKS5, with a login or without.

The broker's name is known to the proxy alone, so what comes through proves
that no name was looked up on the device; the broker must prove itself as ever.
A proxy that is not there, says no, or says what no proxy says is named by the
verdict.  The login is told to the proxy and to nobody else; the environment's
variables mean nothing.  tinyproxy and microsocks are the counterparts that we
did not write.
"""
import os
import time

from authority import Authority
from kit import expect, free_port, main, run, scenario, wait_until, write
from loneliness import alone, hosts, name_server, way_out
from packets import Script
from proxies import HttpProxy, SocksProxy
from world import NAMEPLATE, World

alone(__file__)
way_out()
hosts("127.0.0.1 near.test")
name_server("127.0.0.1")  # nobody there: every other name is unknown

ONLINE = "info session online"
SECRET = "opensesame"


def far_server(world):
    """A broker far.test, its port, and who vouches for it."""
    root = Authority(world.folder)
    pair = root.leaf("far", names="DNS:far.test")
    return world.server(Script(), certificate=pair.crt, key=pair.key), root


def behind(world, kind, scheme, server, login=None, told=None, **options):
    """A proxy and an agent that is told of it."""
    proxy = kind({"far.test": server.port} if server else {}, login=login,
                 **options)
    world.endings.append(proxy.close)
    told = f"{told}@" if told else ""
    return proxy, {"network.proxy": f"{scheme}://{told}127.0.0.1:{proxy.port}"}


KINDS = ((HttpProxy, "http"), (SocksProxy, "socks5h"))


@scenario
def a_name_that_only_the_proxy_knows_is_reached_through_it():
    with World() as world:
        server, root = far_server(world)
        for kind, scheme in KINDS:
            for login in (None, f"me:{SECRET}"):
                proxy, settings = behind(world, kind, scheme, server, login,
                                         login)
                agent = world.agent(host="far.test", port=8883,
                                    trust=root.crt, settings=settings)
                agent.wait_for(ONLINE)
                expect(proxy.asked == ["far.test:8883"], str(proxy.asked))
                expect(SECRET not in agent.words(), agent.words())
                if login:
                    expect(proxy.logins == [login], str(proxy.logins))
        # The twin: without a proxy there is no such name.
        world.agent(host="far.test", trust=root.crt).wait_for(
            "offline why=dns")


@scenario
def behind_a_proxy_the_broker_must_prove_itself_all_the_same():
    with World() as world:
        root = Authority(world.folder)
        pair = root.leaf("other", names="DNS:other.test")
        server = world.server(Script(), certificate=pair.crt, key=pair.key)
        for kind, scheme in KINDS:
            _, settings = behind(world, kind, scheme, server)
            agent = world.agent(host="far.test", trust=root.crt,
                                settings=settings)
            agent.wait_for('offline why=certificate detail="wrong_name')
        expect(server.received() == b"", "it was told something")


@scenario
def what_goes_wrong_at_the_proxy_is_said_in_words():
    with World() as world:
        server, root = far_server(world)
        trials = [
            (KINDS[0], {"login": "a:b"}, "wants a user and a password (407)"),
            (KINDS[0], {"login": "a:b", "told": "a:c"},
             "does not accept this user and password (407)"),
            (KINDS[0], {"names": {}}, "answers with status 502 No such host"),
            (KINDS[0], {"answer": b""}, "it hung up"),
            (KINDS[0], {"answer": b"SSH-2.0-x\r\n"},
             "does not answer as an HTTP proxy"),
            (KINDS[0], {"answer": b"HTTP/1.1 200 OK\r\nA: " + b"x" * 9000},
             "does not answer as an HTTP proxy"),
            (KINDS[0], {"answer": b"HTTP/1.1 200 OK\r\n\r\n\x16\x03\x03"},
             "does not answer as an HTTP proxy"),
            (KINDS[0], {"answer": b"HTTP/1.1 200 O"},
             "it does not answer in time"),
            (KINDS[1], {"login": "a:b"}, "wants a user and a password"),
            (KINDS[1], {"login": "a:b", "told": "a:c"},
             "does not accept this user and password"),
            (KINDS[1], {"names": {}}, "finds no such host"),
            (KINDS[1], {"answer": b""}, "it hung up"),
            (KINDS[1], {"answer": b"HTTP/1.1 400\r\n"}, "not speak SOCKS5"),
            (KINDS[1], {"answer": b"\x05"}, "it does not answer in time"),
        ]
        agents = []
        for (kind, scheme), options, words in trials:
            options = dict(options)
            names = options.pop("names", True)
            _, settings = behind(world, kind, scheme,
                                 server if names else None, **options)
            settings["cloud.connect_timeout_s"] = 2
            agents.append((words, world.agent(
                host="far.test", trust=root.crt, settings=settings)))
        for words, agent in agents:
            agent.wait_for("offline why=proxy")
            line = [l for l in agent.words().split("\n") if "why=proxy" in l][0]
            expect(words in line and "[network] proxy" in line and
                   "asked for far.test port 8883" in line, line)
        expect(server.visits == [], "somebody came through")


@scenario
def a_proxy_that_is_not_there_is_blamed_not_the_broker():
    with World() as world:
        for place, words in ((f"127.0.0.1:{free_port()}", "refused"),
                             ("nowhere.test:1", "nowhere.test: ")):
            agent = world.agent(host="far.test", settings={
                "network.proxy": f"http://{place}"})
            agent.wait_for('offline why=proxy detail="no way to the proxy: ')
            expect(words in agent.words(), agent.words())


@scenario
def the_password_is_shown_to_the_proxy_alone():
    with World() as world:
        server, root = far_server(world)
        proxy = HttpProxy({}, login="me:other")
        world.endings.append(proxy.close)
        secret = write(world.path("pw"), SECRET + "\n")
        agent = world.agent(host="far.test", trust=root.crt, settings={
            "network.proxy": f"http://me@127.0.0.1:{proxy.port}",
            "network.proxy_password_file": secret})
        agent.wait_for("offline why=proxy")
        expect(proxy.logins[0] == f"me:{SECRET}", str(proxy.logins))
        doctor = run(NAMEPLATE, "doctor", "-c", agent.config, status=None)
        status = run(NAMEPLATE, "status", "-s", agent.socket, status=75)
        expect("proxy" in doctor.stdout and "proxy" in status.stdout,
               doctor.stdout + status.stdout)
        agent.stop()
        for text in (agent.words(), doctor.stdout, doctor.stderr,
                     status.stdout, status.stderr):
            expect(SECRET not in text, text)
        for folder, _, names in os.walk(agent.store):
            for name in names:
                with open(os.path.join(folder, name), "rb") as f:
                    expect(SECRET.encode() not in f.read(), name)


@scenario
def a_wrong_proxy_in_the_configuration_is_not_repeated():
    with World() as world:
        wrong = f"http://me:{SECRET}@127.0.0.1"  # no port
        for key, shown in (("network.proxy", False), ("cloud.endpoint", True)):
            agent = world.agent(start=False, port=1, settings={key: wrong})
            done = run(NAMEPLATE, "run", "-c", agent.config, status=78)
            # The twin: what is no secret is repeated.
            expect((SECRET in done.stderr) == shown, done.stderr)
            expect(f"{key.split('.')[1]} = " in done.stderr, done.stderr)
        for content, words in ((None, "cannot be read: No such file"),
                               ("\n", "no password on the first line")):
            path = world.path("empty")
            if content is not None:
                write(path, content)
            agent = world.agent(start=False, port=1, settings={
                "network.proxy": "http://me@127.0.0.1:1",
                "network.proxy_password_file": path})
            done = run(NAMEPLATE, "run", "-c", agent.config, status=None)
            expect(done.returncode in (66, 78) and words in done.stderr,
                   done.stderr)


@scenario
def the_environment_s_proxy_means_nothing():
    with World() as world:
        root = Authority(world.folder)
        pair = root.leaf("near", names="DNS:near.test")
        server = world.server(Script(), certificate=pair.crt, key=pair.key)
        proxy = HttpProxy({"near.test": server.port})
        world.endings.append(proxy.close)
        door = f"http://127.0.0.1:{proxy.port}"
        environment = {name: door for name in (
            "http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY",
            "all_proxy", "socks_proxy")}
        agent = world.agent(host="near.test", port=server.port,
                            trust=root.crt, environment=environment)
        agent.wait_for(ONLINE)
        expect(proxy.asked == [], "the environment was heard")
        # The twin, and the other way round: no exceptions either.
        agent = world.agent(host="near.test", port=server.port, trust=root.crt,
                            environment={"no_proxy": "*", "NO_PROXY": "*"},
                            settings={"network.proxy": door})
        agent.wait_for(ONLINE)
        expect(proxy.asked == [f"near.test:{server.port}"], str(proxy.asked))


@scenario
def revocation_lists_are_fetched_through_the_same_proxy():
    with World() as world:
        server, root = far_server(world)
        proxy, settings = behind(world, SocksProxy, "socks5h", server,
                                 f"me:{SECRET}", f"me:{SECRET}")
        agent = world.agent(host="far.test", trust=root.crt, settings={
            **settings, "revocation.url": "http://lists.test:8080/crl"})
        wait_until(lambda: "lists.test:8080" in proxy.asked, 10,
                   "the list is asked for at the proxy")
        agent.wait_for(ONLINE)
        agent.wait_for("why=proxy")
        expect(SECRET not in agent.words(), agent.words())


def serve_with(world, log, *command):
    world.run_beside(*command, log=log)
    time.sleep(0.3)


@scenario
def tinyproxy_and_microsocks_let_the_agent_through():
    """Programs that we did not write; they look the name up themselves."""
    with World() as world:
        root = Authority(world.folder)
        pair = root.leaf("near", names="DNS:near.test")
        server = world.server(Script(), certificate=pair.crt, key=pair.key)
        http, socks = free_port(), free_port()
        serve_with(world, "tiny", "tinyproxy", "-d", "-c", write(
            world.path("tiny.conf"), f"Port {http}\nListen 127.0.0.1\n"
            f"Timeout 60\nBasicAuth me {SECRET}\nMaxClients 10\n"))
        serve_with(world, "socks", "microsocks", "-i", "127.0.0.1", "-p",
                   socks, "-u", "me", "-P", SECRET)
        for scheme, port in (("http", http), ("socks5h", socks)):
            for password, words in ((SECRET, ONLINE),
                                    ("wrong", "offline why=proxy")):
                agent = world.agent(
                    host="near.test", port=server.port, trust=root.crt,
                    settings={"network.proxy": f"{scheme}://me:{password}"
                              f"@127.0.0.1:{port}"})
                agent.wait_for(words)


if __name__ == "__main__":
    main(at_once=2)
