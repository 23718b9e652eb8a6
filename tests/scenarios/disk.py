"""A real disk for a test: ext4 on a loop device.

    disk = Disk(world, "disk")
    disk.mount()               # at disk.path
    later = disk.copy("cut")   # another, as a power cut would leave this one
"""
import fcntl
import os
import shutil
import tempfile
import threading

from kit import Skipped, expect, read, run, write

FICLONE = 0x40049409  # ioctl_ficlone(2): share the blocks of another file
_one_at_a_time = threading.Lock()  # two may find the same free loop device


class Disk:
    """Root only; gone at the end of the world."""

    def __init__(self, world, name, megabytes=16, kind="ext4", image=None,
                 where=None):
        if os.geteuid() != 0 or not shutil.which("losetup"):
            raise Skipped("needs root and losetup to mount a disk")
        self.world, self.path = world, world.path(name)
        self.image = image or os.path.join(where or world.folder,
                                           name + ".image")
        os.mkdir(self.path)
        if not image:
            with open(self.image, "wb") as f:
                f.truncate(megabytes * 1024 * 1024)
            run("mkfs." + kind, "-q", self.image)
        with _one_at_a_time:
            done = run("losetup", "-f", "--show", self.image, status=None)
        if done.returncode:
            raise Skipped(f"no loop device: {done.stderr.strip()}")
        self.device = done.stdout.strip()
        world.endings.append(self.remove)

    def mount(self, options="errors=remount-ro"):
        run("mount", "-o", options, self.device, self.path)

    def unmount(self, lazily=False):
        run("umount", *(["-l"] if lazily else []), self.path)

    def break_down(self):
        """As the kernel does when it finds an error: read-only at once."""
        name = os.path.basename(self.device)
        write(f"/sys/fs/ext4/{name}/trigger_fs_error", "1")

    def remove(self):
        if self.device:
            run("umount", "-l", self.path, status=None)
            run("losetup", "-d", self.device, status=None)
        self.device = None

    def discard(self):
        """And the image, whose blocks others may want."""
        self.remove()
        os.unlink(self.image)

    def _written(self):
        """Sectors written, and what is on its way (Documentation/block/stat)."""
        name = os.path.basename(self.device)
        words = read(f"/sys/block/{name}/stat").split()
        return words[6], words[8]

    def copy(self, name):
        """(a disk with what this one holds in one moment, whether that moment
        was one of writing).  Where the image's file system shares blocks
        between files, the copy is taken at once, whatever is on its way;
        else it is taken again when something was written meanwhile."""
        image = os.path.join(os.path.dirname(self.image), name + ".image")
        for _ in range(50):
            before = self._written()
            if self._clone(image):
                busy = before[1] != "0" or self._written() != before
                return Disk(self.world, name, image=image), busy
            run("cp", "--sparse=always", self.image, image)
            if before[1] == "0" and self._written() == before:
                return Disk(self.world, name, image=image), False
        return expect(False, "the disk is never at rest")

    def _clone(self, image):
        with open(self.image, "rb") as source, open(image, "wb") as copy:
            try:
                fcntl.ioctl(copy, FICLONE, source.fileno())
            except OSError:
                return False
        return True


def clonable(world, name="outer", megabytes=400):
    """A folder on a disk whose files can be copied in one moment, or None."""
    if not shutil.which("mkfs.xfs"):
        return None
    # In memory where that is possible: nobody's real disk need keep it.
    memory = tempfile.mkdtemp(
        prefix="nameplate-",
        dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    world.endings.append(lambda: shutil.rmtree(memory, ignore_errors=True))
    outer = Disk(world, name, megabytes, kind="xfs", where=memory)
    try:
        outer.mount("defaults")
    except Exception:
        return None
    return outer.path
