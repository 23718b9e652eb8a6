"""A connection of a device that asks the cloud and hears the answers, sure
that they come on this very connection, whatever it subscribed to.

    with Talk(device) as talk:
        word, answer = talk.ask(device.jobs("start-next"), {})
"""
import json

from hand import Hand, publish_packet, topic_of
from kit import expect
from packets import PUBLISH


class Talk(Hand):
    def __enter__(self):
        expect(self.connect() == 0, "no CONNACK that welcomes")
        self.passed = []  # messages that nobody has waited for yet
        return self

    def _message(self):
        """The next one, (topic, payload)."""
        while True:
            got = self.receive()
            expect(got is not None, "the connection ended")
            kind, flags, packet = got
            if kind == PUBLISH:
                topic = topic_of(packet)
                start = 2 + len(topic) + (2 if flags >> 1 & 3 else 0)
                return topic, json.loads(packet[start:])

    def hear(self, fits):
        """The next message whose topic fits."""
        for message in self.passed:
            if fits(message[0]):
                self.passed.remove(message)
                return message
        while True:
            message = self._message()
            if fits(message[0]):
                return message
            self.passed.append(message)

    def ask(self, topic, body, mark=7):
        """(word, payload) of the answer: accepted or rejected."""
        body = body if isinstance(body, str) else json.dumps(body)
        self.send(publish_packet(topic, body.encode(), mark))
        answers = [f"{topic}/{word}" for word in ("accepted", "rejected")]
        answered, payload = self.hear(lambda heard: heard in answers)
        return answered[len(topic) + 1:], payload
