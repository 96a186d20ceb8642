"""A mail server in a thread: it takes mail, refuses it, or says nothing at all."""

import socketserver
import threading

from tests.patience import PATIENCE


class MailServer:
    """`refusal` is what MAIL FROM is answered with; one that is hung answers nothing."""

    def __init__(self, refusal: str = "", is_hung: bool = False) -> None:
        self.refusal, self.is_hung = refusal, is_hung
        self.mails: list[str] = []
        self.recipients: list[str] = []
        self.was_reached, self.may_go = threading.Event(), threading.Event()
        self.has_mail = threading.Event()
        outer = self

        class Talk(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                outer._talk(self)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.may_go.set()
        self._server.shutdown()
        self._server.server_close()

    def _talk(self, talk) -> None:
        self.was_reached.set()
        if self.is_hung:
            self.may_go.wait(PATIENCE)
            return
        say = lambda words: talk.wfile.write(f"{words}\r\n".encode())  # noqa: E731
        say("220 here")
        while line := talk.rfile.readline().decode().strip():
            verb = line.split(":")[0].upper()
            if verb == "MAIL FROM" and self.refusal:
                say(self.refusal)
            elif verb == "DATA":
                say("354 go on")
                self.mails.append(_until_dot(talk.rfile))
                say("250 taken")
                self.has_mail.set()
            elif verb == "QUIT":
                say("221 bye")
                return
            else:
                if verb == "RCPT TO":
                    self.recipients.append(line.partition("<")[2].rstrip(">"))
                say("250 fine")


def _until_dot(stream) -> str:
    lines = []
    while (line := stream.readline().decode()) not in (".\r\n", ""):
        lines.append(line.rstrip("\r\n"))
    return "\n".join(lines)
