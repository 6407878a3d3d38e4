"""What the operations of a history do: people, users, operators, and the provider."""

from copy import copy
from datetime import timedelta
from functools import partial
from itertools import count
from random import Random

from calendar_mirror.accounts import State
from calendar_mirror.cronofy import Cronofy
from calendar_mirror.errors import AccountGoneError, CalendarMirrorError
from calendar_mirror.messages import Kind
from cronofy_simulator import changes
from cronofy_simulator.instants import format_time
from cronofy_simulator.state.windows import default_window
from tests.models.cronofy import URL
from tests.simulation.world import StoppedError

WORDS = ("Lunch", "Review", "Standup")
DAY = 86400
#: Peculiarities that a rename does not undo.
VARIETIES = ((), (), (), ("bare",), ("year_zero_audit",), ("unknown_fields",), ("localized",))


class People:
    """Does operations to a world."""

    def __init__(self, world):
        self.world, self.history = world, world.history
        self.said = count(1)

    def do(self, operation):
        """
        Do one, now or amid the next visit to its account; what cannot be done is left undone.
        Another may begin meanwhile.
        """
        if operation.amid:
            action = partial(copy(self).begin, operation)
            self.world.surprises[f"acc_{operation.account + 1}"].append((operation.amid, action))
        else:
            copy(self).begin(operation)

    def begin(self, operation):
        """Do one, as the person who does it, and nothing else."""
        method = getattr(self, operation.kind.replace(" ", "_"))
        self.account_id = f"acc_{operation.account + 1}"
        self.number, self.rng = operation.number, Random(f"{operation.pick} {operation.number}")
        if operation.kind in ("trouble", "provider fails"):
            method(operation.details)
            return
        self.account = self.world.simulator.world.accounts.get(self.account_id)
        self._set_lag(**operation.details)
        method(operation.pick)

    def _set_lag(self, lag_s=None, delay_s=None):
        lag_s = self.rng.choice(self.history.lags_s) if lag_s is None else lag_s
        delay_s = self.rng.choice(self.history.delays_s) if delay_s is None else delay_s
        self.world.set(visibility_lag=lag_s, notification_delay=delay_s)
        self.world.watch.lagged(lag_s)

    # Edits

    def _live(self):
        self.world.simulator.world.tick()
        return [each for each in self.account.events.values() if not each.latest.deleted]

    def _path(self, event):
        return f"accounts/{self.account_id}/events/{event.event_uid}"

    def _one(self, pick):
        live = self._live()
        return live[pick % len(live)] if live else None

    def _patch(self, pick, **fields):
        event = self._one(pick)
        if event is not None:
            # An event's uid may be in two calendars for a moment: the simulator takes the last.
            self.world.control("PATCH", self._path(event), **fields)

    def _words(self):
        return f"{self.rng.choice(WORDS)} {next(self.said)}"

    def create(self, pick):
        calendars = self.account.live_calendars()
        if not calendars:
            return
        days = self.rng.choice((-41, -3, 0, 5, 60, 199, 200, 201, 202, 204))
        start = self.world.clock().replace(microsecond=0) + timedelta(days=days)
        self.world.control(
            "POST",
            f"accounts/{self.account_id}/events",
            calendar_id=calendars[pick % len(calendars)].calendar_id,
            summary=self._words(),
            start=format_time(start),
            count=self.rng.choice((1, 1, 1, 3)),
            variety=list(self.rng.choice(VARIETIES)),
        )

    def rename(self, pick):
        self._patch(pick, summary=self._words())

    def describe(self, pick):
        self._patch(pick, location={"description": self._words()})

    def flip(self, pick):
        """Say one of two things, on a server whose dates do not tell them apart."""
        updated = format_time(self.history.began_at)
        self._patch(pick, summary=WORDS[round(self.number)], updated=updated)

    def shift(self, pick):
        self._patch(pick, move_seconds=self.rng.choice((-7200, 1800, DAY, 30 * DAY)))

    def leave_the_window(self, pick):
        self._patch(pick, move_seconds=self.rng.choice((-400, 400)) * DAY)

    def come_back(self, pick):
        now = self.world.clock()
        outside = [
            each
            for each in self._live()
            if abs((each.latest.span.start - now) / timedelta(days=1)) > 205
        ]
        if outside:
            event = outside[pick % len(outside)]
            start = now.replace(microsecond=0) + timedelta(days=pick % 40)
            times = {"start": format_time(start), "end": format_time(start + timedelta(hours=1))}
            self.world.control("PATCH", self._path(event), **times)

    def move(self, pick):
        calendars = self.account.live_calendars()
        if not self.world.simulator.world.settings.moved_event_leaves_deletion:
            self.world.watch.owes(self.account_id, 2, "a move that left no deletion")
        target = calendars[pick % len(calendars)].calendar_id if calendars else None
        event = self._one(pick)
        if event is not None and target and target != event.calendar_id:
            self._patch(pick, calendar_id=target)

    def delete(self, pick):
        event = self._one(pick)
        if event is not None:
            self.world.control("DELETE", self._path(event))

    def revive(self, pick):
        """A deleted event is restored at the provider, under its own uid."""
        world = self.world.simulator.world
        world.tick()
        dead = [
            each
            for each in self.account.events.values()
            if each.latest.deleted and not self.account.calendars[each.calendar_id].deleted
        ]
        if dead:
            event = dead[pick % len(dead)]
            fields = {"deleted": False, "summary": self._words()}
            changes.revise(world, self.account, event, fields)
            self.world.arm_courier()

    def _one_notice(self, chosen):
        """One notification for all is that of the last, and there is none outside the window."""
        world = self.world.simulator.world
        window = default_window(world.now, world.settings)
        if chosen and not window.holds(chosen[-1].latest.span):
            self.world.watch.loses(self.account_id)

    def bulk(self, pick):
        count = 2 + pick % 12
        self._one_notice(self._live()[:count])
        self.world.control(
            "PATCH",
            f"accounts/{self.account_id}/events",
            where={},
            count=count,
            **({"delete": True} if pick % 5 == 0 else {"changes": {"summary": self._words()}}),
            notifications=("each", "one")[pick % 2],
        )

    def series(self, pick):
        calendars = self.account.live_calendars()
        if calendars:
            self.world.control(
                "POST",
                f"accounts/{self.account_id}/events",
                calendar_id=calendars[pick % len(calendars)].calendar_id,
                summary=self._words(),
                series="ser_1",
                count=2 + pick % 8,
            )

    def edit_the_series(self, pick):
        named = [e.latest.document.get("series_identifier") == "ser_1" for e in self._live()]
        self._one_notice([e for e, is_named in zip(self._live(), named, strict=True) if is_named])
        self.world.control(
            "PATCH",
            f"accounts/{self.account_id}/events",
            where={"series_identifier": "ser_1"},
            changes={"summary": self._words(), "move_seconds": 900 * (pick % 3)},
            notifications="one",
        )

    def date_strangely(self, pick):
        """The provider's own server has another idea of the time."""
        updated = self.world.clock() + timedelta(days=(-300, 3, 40)[pick % 3])
        self._patch(pick, summary=self._words(), updated=format_time(updated))

    # Calendars and profiles

    def add_a_calendar(self, pick):
        profile_id = list(self.account.profiles)[pick % len(self.account.profiles)]
        self.world.control("POST", f"accounts/{self.account_id}/calendars", profile_id=profile_id)

    def remove_a_calendar(self, pick):
        calendars = self.account.live_calendars()
        if len(calendars) < 2:
            return
        settings = self.world.simulator.world.settings
        if settings.deleted_calendar_events != "deleted":
            self.world.watch.owes(self.account_id, 2, "a calendar went without a word")
        calendar = calendars[pick % len(calendars)]
        path = f"accounts/{self.account_id}/calendars/{calendar.calendar_id}"
        self.world.control("DELETE", path)

    def add_a_profile(self, pick):
        if len(self.account.profiles) > 2:
            return
        self.world.watch.owes(self.account_id, 2, "a profile that is not synced yet")
        self.world.control(
            "POST",
            f"accounts/{self.account_id}/profiles",
            calendars=1,
            initial_sync_required=pick % 2 == 0,
        )

    def complete_the_initial_sync(self, pick):
        for profile_id, profile in self.account.profiles.items():
            if profile.initial_sync_required:
                path = f"accounts/{self.account_id}/profiles/{profile_id}"
                self.world.control("POST", f"{path}/initial_sync_completed")

    def disconnect_a_profile(self, pick):
        """Some providers' events are out of Cronofy's reach until it is connected again."""
        profile_id = list(self.account.profiles)[pick % len(self.account.profiles)]
        self.world.watch.owes(self.account_id, 2, "a profile that was disconnected")
        path = f"accounts/{self.account_id}/profiles/{profile_id}"
        self.world.control("POST", f"{path}/disconnect")
        if pick % 3:
            hidden = self.world.hidden.setdefault(self.account_id, {})
            for key, event in list(self.account.events.items()):
                if self.account.profile_of(event.calendar_id).profile_id == profile_id:
                    hidden[key] = self.account.events.pop(key)

    def reconnect_a_profile(self, pick):
        hidden = self.world.hidden.pop(self.account_id, {})
        for key, event in hidden.items():
            self.account.events.setdefault(key, event)
        for profile_id, profile in self.account.profiles.items():
            if not profile.connected:
                path = f"accounts/{self.account_id}/profiles/{profile_id}"
                self.world.control("POST", f"{path}/reconnect")

    # Grants

    def expire_tokens(self, pick):
        """None ends within seconds after it was given out."""
        world = self.world.simulator.world
        given = [t for t in world.tokens.access.values() if self._is_mine(t.authorization)]
        left_s = max(((t.expires_at - world.now).total_seconds() for t in given), default=0)
        if left_s > world.settings.expires_in - 10:
            return
        self.world.control("POST", f"accounts/{self.account_id}/tokens/expire")

    def _is_mine(self, authorization):
        return authorization.account_id == self.account_id

    def withdraw_the_grant(self, pick):
        self.world.watch.withdrawn(self.account_id)
        self.world.control("POST", f"accounts/{self.account_id}/tokens/revoke")

    def connect_anew(self, pick):
        self.world.connect(self.account_id, self.world.watch.connected)

    def look_as_an_operator(self, pick):
        """The operator's command uses the account's tokens at the same time."""
        world = self.world
        with world.process("operator"):
            account = world.accounts.get(self.account_id)
            if account is None or account.state is not State.CONNECTED:
                return
            cronofy = Cronofy(URL, world.session, world.clock)
            try:
                cronofy.user_info(world.grant(account, cronofy))
            except (CalendarMirrorError, StoppedError):
                world.watch.grant_may_be_lost(self.account_id)

    # What an operator, or an application, asks for

    def limit_to_calendars(self, pick):
        calendars = [each.calendar_id for each in self.account.live_calendars()]
        chosen = tuple(calendars[: pick % 3])
        self.world.watch.limited(self.account_id)
        self._told("limit_to", chosen)

    def pause(self, pick):
        self.world.watch.paused(self.account_id)
        self._told("pause")

    def resume(self, pick):
        self._told("resume", due_at=self.world.clock())

    def _told(self, method, *args, **kwargs):
        with self.world.process("operator"):
            account = self.world.accounts.get(self.account_id)
            if account is None or account.state is State.ERASING:
                return
            try:
                getattr(self.world.accounts, method)(self.account_id, *args, **kwargs)
            except AccountGoneError:
                return
        if method != "pause":
            self.world.ask(self.account_id, Kind.FULL)

    def ask_for_everything(self, pick):
        self.world.ask(self.account_id, Kind.FULL)

    def erase(self, pick):
        self.world.watch.erased(self.account_id)
        self.world.ask(self.account_id, Kind.ERASE)

    # Faults

    def provider_fails(self, details):
        if details["kind"] in ("malformed", "broken_event"):
            self._end_what_garbles()
        made = self.world.control("POST", "faults", **details)
        faults = self.world.simulator.world.faults.faults
        self.world.given.append(faults[made["fault_id"]])
        if details["kind"] in ("malformed", "broken_event") or details.get("status") == 400:
            self.world.watch.garbles()
        if details.get("variant") in ("without_ids", "not_an_object"):
            self.world.watch.leaves_out()
        if details["kind"] == "broken_event":
            for account_id in self.world.simulator.world.accounts:
                self.world.watch.owes(account_id, 2, "an event was garbled")

    def _end_what_garbles(self):
        """The simulator can garble an answer in one way only."""
        for fault_id, fault in list(self.world.simulator.world.faults.faults.items()):
            if fault.kind in ("malformed", "broken_event"):
                self.world.control("DELETE", f"faults/{fault_id}")

    def trouble(self, details):
        self.world.weather.add(details["kind"], details["rate"], details["lasts_s"])
