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
        """Take over the input of a program; one member at a time types into it.

        Raises:
            Offline: the connection is being restored.
        """
        self.send_now(TakeStdin(job))

    def set_role(self, member: int, role: Role) -> None:
        """Change the role of a member; for hosts.

        Raises:
            Offline: the connection is being restored.
        """
        self.send_now(SetRole(member, role))

    def remove_member(self, member: int) -> None:
        """Remove a member for good; for hosts.

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
        """Change the size of the terminal of an own program.

        Raises:
            Offline: the connection is being restored.
        """
        self.send_now(Resize(job, window))

    def cancel(self, job: str) -> None:
        """Remove a job from the queue, or end it.

        Raises:
            Offline: the connection is being restored.
        """
        self.send_now(Cancel(job))

    def choose_language(self, name: str) -> None:
        """Set the language of the room's source.

        Raises:
            Offline: the connection is being restored.
        """
        self.send_now(ChooseLanguage(name))
