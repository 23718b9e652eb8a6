"""Messages a second, in short turns: the agent, Paho, and so on, again and
again.  What else the machine does disturbs neighbouring turns alike, so what is
judged is the median of their ratios, not the ratio of two medians."""
import time

import figures
import kit
import peers

WARM_UP = 2000  # messages: windows are open then, memory is what it will be


def _turn(peer, count, found):
    """Messages a second; noted, with what they cost."""
    cpu = figures.cpu_seconds(peer.pid)
    rate = count / peer.send(count)
    row = found[peer.name]
    row.setdefault("rate", []).append(rate)
    if peer.process.poll() is None:
        cpu = figures.cpu_seconds(peer.pid) - cpu
        row.setdefault("cpu_us", []).append(cpu / count * 1e6)
        row.setdefault("rss_after", []).append(
            figures.memory_kib(peer.pid)["rss"])
    return rate


def pair(agent, paho, turn, count, found):
    """Now one is the first, now the other."""
    rates = {peer.name: _turn(peer, count, found)
             for peer in ((agent, paho), (paho, agent))[turn % 2]}
    found[agent.name].setdefault("ratio", []).append(
        rates[agent.name] / rates[paho.name])


def measure(world, say, turns, count, others, found):
    """The agent and Paho stay connected; `others` are started for each of
    their turns.  In the end the broker must have counted them all."""
    time.sleep(1.2)  # it says once a second what it counted
    had = world.received()
    with peers.Agent(world) as agent, peers.Paho(world) as paho:
        for peer in (agent, paho):
            peer.send(WARM_UP)
        for turn in range(turns):
            say(f"{count} messages from each, {turn + 1} of {turns}")
            pair(agent, paho, turn, count, found)
            for kind in others:
                with kind(world) as peer:
                    _turn(peer, count, found)
    expected = 2 * WARM_UP + turns * count * (2 + len(others))
    kit.wait_until(lambda: world.received() - had >= expected, 10,
                   f"the broker counts {expected} messages")
