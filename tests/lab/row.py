"""One line of the lab's table: a chain, and what must become of it."""
import der
from forge import HOST, chain

GOOD = ("ok",)


class Row:
    """`reasons`: those that are right; where a chain is wrong in two ways that
    cannot be parted, either.  `links`: DER, leaf first.

    on_wire     reasons that are right, too, where TLS itself ends the matter
    garbage     a PEM file that `verify` may call unreadable
    by_hand     OpenSSL would mend such a chain, or not serve it
    unusable    with such a CRL `verify` and the agent refuse to start
    gaps        {path: words}: known to be wrong there, and why; the lab fails
                when it is right there after all
    """

    def __init__(self, name, wrong, reasons, leaf, *, links=None, trust=None,
                 crl=(), host=HOST, on_wire=(), garbage=False, by_hand=False,
                 unusable=False, gaps=()):
        self.name, self.wrong = name, wrong
        self.reasons = (reasons,) if isinstance(reasons, str) else reasons
        self.key, self.host, self.crl = leaf.key, host, list(crl)
        made = chain(leaf) if links is None else links
        self.links = [m if isinstance(m, bytes) else m.der for m in made]
        self.trust = trust or [root_of(leaf)]
        self.on_wire, self.garbage, self.by_hand = on_wire, garbage, by_hand
        self.unusable, self.gaps = unusable, dict(gaps)

    @property
    def hand_can_prove(self):
        """Whether tls.py can sign with the leaf's key: P-256."""
        return self.key.kind == "EC" and len(der.encode(self.key.spki)) == 91

    @property
    def good(self):
        return self.reasons == GOOD

    def chain_pem(self):
        return "".join(map(der.pem, self.links))

    def trust_pem(self):
        return "".join(t.pem for t in self.trust)


def root_of(made):
    while made.above is not None:
        made = made.above
    return made


def good(name, why, leaf, **options):
    return Row(name, why, GOOD, leaf, **options)


bad = Row


def sort_out(gaps, path, fault):
    """(fault, gap): a fault that is marked is a gap, a mark without one is a
    fault.  A crash is never marked."""
    words = gaps.get(path)
    if not words:
        return fault, None
    if fault is None:
        return f"the gap is closed, take its mark away: {words}", None
    if fault.startswith(("says ", "exit 0", "the server got no alert",
                         "Overdue")):
        return None, f"{words} ({fault.strip()})"
    return fault, None
