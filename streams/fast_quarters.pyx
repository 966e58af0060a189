# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""What readers see of a quarter of an hour and its minutes: the twin of `streams.quarters`.

Readers in other threads get dicts that are made when they ask. Each pane is read in one piece (see
streams/fast_cells.pyx); panes that come or go meanwhile are in the list that was made before.
"""

cimport cython

from streams.fast_cells cimport SETTLED, dict_of_part, dict_of_sum
from streams.fast_panes cimport FrozenParts


@cython.final
cdef class Minute:
    """All panes of one minute, as readers see them: what `streams.panes.Slot` is."""

    @property
    def version(self):
        """Grows with every change."""
        return self._quarter.versions[self._number]

    @property
    def panes(self):
        """The counts, by dimensions."""
        return {
            (<Pane> pane).dims: dict_of_part(&(<Pane> pane).body, self._number)
            for pane in list(self._quarter.by_dims.values())
            if (<Pane> pane).body.held & (1 << self._number)
        }

    @property
    def dims(self):
        """The dimensions that have a pane."""
        return {
            (<Pane> pane).dims
            for pane in list(self._quarter.by_dims.values())
            if (<Pane> pane).body.held & (1 << self._number)
        }

    def __len__(self):
        return self._quarter.counts[self._number]


@cython.final
cdef class Quarter:
    """All panes of one quarter of an hour: what `streams.quarters.Quarter` is to readers."""

    def __cinit__(self, int64_t start_at):
        self.start_at = start_at
        self.by_dims = {}
        self.changed = []

    @property
    def version(self):
        """Grows with every change."""
        cdef int part
        cdef int64_t total = 0
        for part in range(PARTS):
            total += self.versions[part]
        return total

    def __len__(self):
        return len(self.by_dims)

    @property
    def dims(self):
        """The dimensions that have a pane."""
        return set(self.by_dims)

    @property
    def panes(self):
        """The counts, by dimensions."""
        return {
            (<Pane> pane).dims: dict_of_sum(&(<Pane> pane).body)
            for pane in list(self.by_dims.values())
        }

    def parts(self, dims):
        """Return one pane as it is now."""
        cdef Pane pane = self.by_dims.get(dims)
        return FrozenParts() if pane is None else pane.frozen()

    cdef Pane pane(self, object dims):
        """Return a pane; make one if there is none."""
        cdef Pane pane = self.by_dims.get(dims)
        if pane is None:
            pane = Pane.__new__(Pane)
            pane.dims = dims
            self.by_dims[dims] = pane
        return pane

    cdef Minute minute(self, int number):
        """Open a minute; return what readers see of it."""
        cdef Minute minute = Minute.__new__(Minute)
        minute._quarter, minute._number = self, number
        self.opened |= 1 << number
        return minute

    cdef int let_go(self, Pane pane) except -1:
        """Remove the minutes of a pane."""
        cdef int minute
        for minute in range(SETTLED):
            if pane.body.held & (1 << minute):
                pane.let_go(minute)
                self.counts[minute] -= 1
        return 0

    cdef int settle(self) except -1:
        """Close all minutes and settle what they hold."""
        cdef int minute
        for pane in self.by_dims.values():
            (<Pane> pane).settle()
        for minute in range(SETTLED):
            if self.opened & (1 << minute):
                self.versions[SETTLED] += self.versions[minute] + 1
            self.versions[minute] = self.counts[minute] = 0
        self.opened = 0
        return 0
