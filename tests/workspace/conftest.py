"""What all tests of the course itself need."""

import signal

# What a shell starts in the background ignores Ctrl-C, and so do its children. Tests that press it are to be heard.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
