"""What time is it in the simulated cluster, and how does it print times and sizes?"""
import datetime
import time
import zoneinfo

EPOCH = datetime.datetime(1970, 1, 1)


class Clock:
    """Runs with the real clock; advance() moves it ahead, freeze() stops it."""

    def __init__(self):
        self.start = time.time()
        self.ahead = 0.0
        self.frozen = None

    def now(self):
        return (self.frozen or time.time()) + self.ahead

    def freeze(self):
        """From now on it is always this second, so that two runs see the same ages."""
        self.frozen = self.frozen or time.time()

    def age(self):
        """Seconds since the simulator started, on this clock: what growing values grow with."""
        return self.now() - self.start

    def advance(self, seconds):
        self.ahead += seconds


def zone_offset(zone, at):
    """Seconds east of UTC of '+08:00', 'Asia/Shanghai', 'UTC', 'CST'... at a unix time; None: no such zone."""
    z = zone.strip()
    if z.upper() in ("UTC", "GMT", "Z", "ETC/UTC"):
        return 0
    if z.upper() in ("CST", "PRC"):
        return 28800
    if z[:1] in "+-" and ":" in z:
        try:
            h, m = z[1:].split(":")
            return (1 if z[0] == "+" else -1) * (int(h) * 3600 + int(m) * 60)
        except ValueError:
            return None
    try:
        tz = zoneinfo.ZoneInfo(z)
    except Exception:
        return None
    return int(tz.utcoffset(datetime.datetime.fromtimestamp(at, tz)).total_seconds())


def stamp(unix, offset=0):
    """'yyyy-MM-dd HH:mm:ss', or None."""
    if unix is None:
        return None
    return (EPOCH + datetime.timedelta(seconds=int(unix) + offset)).strftime("%Y-%m-%d %H:%M:%S")


UNITS = ["B", "KB", "MB", "GB", "TB"]


def size3(n, blank=" "):
    """'1.438 TB' as in SHOW BACKENDS, '64.000GB' with blank=''."""
    v, u = float(n), 0
    while abs(v) >= 1024 and u < len(UNITS) - 1:
        v, u = v / 1024, u + 1
    return f"{v:.3f}{blank}{UNITS[u]}"


def size1(n):
    """'1.2GB', '0B' as in SHOW PARTITIONS."""
    v, u, units = float(n), 0, UNITS + ["PB"]
    while v >= 1024 and u < len(units) - 1:
        v, u = v / 1024, u + 1
    text = f"{int(v * 10) / 10:.1f}"
    return (text[:-2] if text.endswith(".0") else text) + units[u]


def percent(part, whole, digits=2):
    return f"{100 * part / whole if whole else 0:.{digits}f} %"
