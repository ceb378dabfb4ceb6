"""What a member does with one message: it goes out now, or not at all."""

from abc import ABC, abstractmethod

from codesync_protocol.messages import (
    Cancel,
    ChooseLanguage,
    ClientMessage,
    Interrupt,
    RemoveMember,
    Resize,
    Role,
    SetRole,
    TakeStdin,
    Window,
)


class Commands(ABC):
    """One member's hand in a room."""

    @abstractmethod
    def send_now(self, message: ClientMessage) -> None:
        """Send a message.

        Raises:
            Offline: the connection is being restored.
        """

    def take_stdin(self, job: str) -> None:
        """Take over a program's input; one member at a time types into it.

        Raises:
            Offline: the connection is being restored.
        """
        self.send_now(TakeStdin(job))

    def set_role(self, member: int, role: Role) -> None:
        """Let a member do more or less; for hosts.

        Raises:
            Offline: the connection is being restored.
        """
        self.send_now(SetRole(member, role))

    def remove_member(self, member: int) -> None:
        """Send a member away for good; for hosts.

        Raises:
            Offline: the connection is being restored.
        """
        self.send_now(RemoveMember(member))

    def interrupt(self, job: str) -> None:
        """Send the program SIGINT.

        Raises:
            Offline: the connection is being restored.
        """
        self.send_now(Interrupt(job))

    def resize(self, job: str, window: Window) -> None:
        """Give the terminal of a program of ours another size.

        Raises:
            Offline: the connection is being restored.
        """
        self.send_now(Resize(job, window))

    def cancel(self, job: str) -> None:
        """Take a job out of the queue, or end it.

        Raises:
            Offline: the connection is being restored.
        """
        self.send_now(Cancel(job))

    def choose_language(self, name: str) -> None:
        """Say in which language the room's source is.

        Raises:
            Offline: the connection is being restored.
        """
        self.send_now(ChooseLanguage(name))
