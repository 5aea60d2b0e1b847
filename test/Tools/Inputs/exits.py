"""usage: exits.py CODE [--no-space] [--interrupt] PROGRAM ...

Runs a program and expects an exit code. --no-space: no file can grow beyond
no bytes. --interrupt: sends SIGINT after a second, again and again until the
program ends.
"""
import resource
import signal
import subprocess
import sys
import time


def no_space():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


code = int(sys.argv[1])
command = sys.argv[2:]
limit = interrupt = False
while command[0].startswith("--"):
    limit |= command[0] == "--no-space"
    interrupt |= command[0] == "--interrupt"
    command = command[1:]
process = subprocess.Popen(command, preexec_fn=no_space if limit else None, restore_signals=not limit)
if interrupt:
    deadline = time.time() + 60
    time.sleep(1)
    while process.poll() is None and time.time() < deadline:
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
    if process.poll() is None:
        process.kill()
        sys.exit("exits.py: the program does not end")
found = process.wait()
if found != code:
    sys.exit(f"exits.py: exit code {found}, expected {code}")
