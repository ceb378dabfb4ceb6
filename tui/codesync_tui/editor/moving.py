"""Where a location is after text around it was replaced. Pure."""

from textual.document._document import Location


def moved(
    location: Location, start: Location, end: Location, landed: Location, *, pushes: bool = False
) -> Location:
    """Tell where a location is when a range was replaced.

    Args:
        location: the location before.
        start: where the range began.
        end: where it ended.
        landed: where what came instead of it ends.
        pushes: what is inserted exactly at the location comes before it, and not behind it.
    """
    if location < start or (location == start and not (pushes and start == end)):
        return location
    if location < end:
        return start
    row, column = location
    if row == end[0]:
        column += landed[1] - end[1]
    return row + landed[0] - end[0], column
