"""The table of chains: what the forge makes, and what `factory` itself does."""
import concurrent.futures

import chains_keys
import chains_limits
import chains_names
import chains_path
import der
from forge import Key, Made
from kit import read
from row import bad, good


def table(forge, factory, device):
    """Every row; `factory` is a real one, `device` a folder it issued."""
    makers = [chains_path.rows, chains_names.rows, chains_limits.rows,
              chains_keys.rows, lambda f: devices(f, factory, device)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return sum(pool.map(lambda make: make(forge), makers), [])


def devices(f, factory, device):
    """Genuine certificates of the very factory whose devices we serve, and
    what a thief could make of their keys."""
    def stored(base, above=None):
        data = der.unpem(read(base + ".crt"))[0]
        return Made(data, Key(base + ".key", f.folder),
                    der.Certificate(data).subject, above)

    links = der.unpem(read(device + "/device.crt"))
    root = stored(factory.folder + "/root")
    thing = stored(device + "/device", root)
    batch = stored(factory.batch() + "/ca", root)
    server = stored(factory.folder + "/server/localhost/server", root)
    not_for_servers = ("wrong_purpose", "wrong_name", "name_constraints")
    return [
        good("server_of_the_factory", "nothing: `factory server` made it",
             server, host="localhost", trust=[stored(
                 factory.folder + "/server/ca")]),
        bad("device_as_server", "a device's own certificate", not_for_servers,
            thing, links=links),
        bad("device_ca_signs_a_server", "a vendor's CA for devices signs a"
            " server", ("wrong_purpose", "name_constraints"), f.leaf(batch),
            links=[f.leaf(batch), *links[1:]], trust=[root]),
        bad("device_signs_a_server", "a stolen device's key signs a server",
            ("not_a_ca", "path_length", *not_for_servers), f.leaf(thing),
            links=[f.leaf(thing), *links], trust=[root]),
    ]
