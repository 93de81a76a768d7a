"""What several rooms need once: access by group, numbers from parameters, alerts, schedulers."""

import logging
import random
import time
from collections import Counter
from datetime import timedelta
from typing import NamedTuple

from psycopg2.extensions import TransactionRollbackError

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL, plaintext2html

from .. import const
from ..services import log_guard, wording

_logger = logging.getLogger(__name__)

# How often one job is begun again that met another worker's commit.
MAX_CONFLICTS = 20
# A time stamp of ours that lies further ahead is one of a clock that was wrong.
CLOCK_JUMP = timedelta(minutes=5)
# A wake-up older than this is not leant on: leaning on it keeps the scheduler from taking it.
TRIGGER_AGE_S = 1


def check_group(env, group, or_system=False):
    """Refuse users outside one of this addon's groups, before anything is done with more rights.

    :param env: environment of the user who asks
    :param str group: ``viewer``, ``officer`` or ``manager``
    :param bool or_system: whether those who set up the system may do it too
    :raise AccessError: when the user is not in it
    """
    if env.su or env.user.has_group(f"spp_dci_client_crvs.group_crvs_{group}"):
        return
    if or_system and env.user.has_group("base.group_system"):
        return
    if group == "manager":
        raise AccessError(env._("Only CRVS managers may do this. Ask one of them."))
    if group == "viewer":
        raise AccessError(env._("Only CRVS viewers, auditors, officers and managers may do this."))
    raise AccessError(env._("Only CRVS officers and managers may do this."))


def notify(env, message, kind="success"):
    """Return the client action that says something and has the view read anew.

    :param env: any environment
    :param str message: what happened, without personal data
    :param str kind: ``success``, ``warning`` or ``danger``
    :rtype: dict
    """
    return {
        "type": "ir.actions.client",
        "tag": "display_notification",
        "params": {
            "type": kind,
            "message": message,
            "sticky": kind != "success",
            "next": {"type": "ir.actions.act_window_close"},
        },
    }


def number(env, parameter):
    """Read a system parameter that is a number.

    :param env: any environment
    :param str parameter: one of :data:`const.NUMBER_DEFAULTS`
    :return: its value, at most :data:`const.MAX_NUMBER`; the default when it is missing, no number
        or negative
    :rtype: float
    """
    default = const.NUMBER_DEFAULTS[parameter]
    try:
        value = float(env["ir.config_parameter"].sudo().get_param(parameter) or default)
    except ValueError:
        return default
    return min(value, const.MAX_NUMBER) if value >= 0 else default


def past(moment):
    """Return a time stamp of ours, and no more than now: the clock may have been ahead.

    :param moment: naive UTC, or empty
    """
    return moment and min(moment, fields.Datetime.now())


def before(field, limit):
    """Return the domain of records whose time stamp is older than a limit, or in the future.

    What the future has stamped was stamped by a clock that was ahead, and would else wait for it.

    :param str field: name of a Datetime
    :param datetime limit: naive UTC
    """
    return ["|", (field, "<", limit), (field, ">", fields.Datetime.now() + CLOCK_JUMP)]


class CRVSAlertMixin(models.AbstractModel):
    """Calling people by activities, each for one thing, once until it is done.

    For models that inherit ``mail.activity.mixin``.
    """

    _name = "spp.dci.crvs.alert.mixin"
    _description = "CRVS Alerts"

    @api.model
    def _crvs_managers(self):
        """Return the people in the group of managers."""
        return self._members("manager")

    @api.model
    def _crvs_officers(self):
        """Return those who look after events: officers who are not managers, else managers."""
        officers = self._members("officer")
        officers = officers - self._crvs_managers() or officers
        numbers = self.env["spp.registry.id"]
        # Nobody is called who could not look at the registrant.
        able = officers.filtered(lambda user: numbers.with_user(user).has_access("read"))
        return able or officers

    @api.model
    def _members(self, group):
        users = self.env.ref(f"spp_dci_client_crvs.group_crvs_{group}").sudo().all_user_ids
        return users.filtered(lambda user: user.active and not user.share)

    def _alert(self, activity_type, users, note="", everybody=False):
        """Raise an activity on each of these records, or renew the note of the one that is open.

        :param str activity_type: name of an ``activity_type_…`` of this addon, without the prefix
        :param users: ``res.users`` who can act on it; it goes to the one who has the fewest
        :param str note: what to do, without personal data
        :param bool everybody: each of the users gets one
        """
        # Neither the client's context nor a scheduler's may keep it quiet; no mail is sent, since
        # this also runs while a registry waits for its answer.
        records = self.sudo().with_context(
            mail_activity_automation_skip=False, mail_activity_quick_update=True
        )
        xml_id = f"spp_dci_client_crvs.activity_type_{activity_type}"
        activities = records._open_alerts(activity_type)
        if note:
            for user, theirs in activities.grouped("user_id").items():
                theirs.note = wording.retold(theirs.with_context(lang=user.lang).env, note)
        called = {(activity.res_id, activity.user_id.id) for activity in activities}
        load = records._alert_load(activity_type, users)
        shares = {}
        for record in records:
            if everybody:
                chosen = [user for user in users if (record.id, user.id) not in called]
            elif record.id in activities.mapped("res_id"):
                chosen = []
            else:
                chosen = sorted(users, key=lambda user: (load[user.id], user.id))[:1]
            for user in chosen:
                load[user.id] += 1
                shares[user] = shares.get(user, records.browse()) | record
        for user, share in shares.items():
            theirs = share.with_context(lang=user.lang)
            told = wording.retold(theirs.env, note)
            theirs.activity_schedule(xml_id, note=told, user_id=user.id)

    @api.model
    def _call_officers(self, activity_type, notes):
        """Raise activities on records of any model, in one go; the officers share them.

        :param str activity_type: name of an ``activity_type_…`` of this addon, without the prefix
        :param notes: what to do, by record; a record may come several times
        :type notes: list[tuple[models.Model, str]]
        """
        users = notes and self._crvs_officers()
        if not users:
            return
        kind = self.env.ref(f"spp_dci_client_crvs.activity_type_{activity_type}")
        load = self._alert_load(activity_type, users)
        values = []
        for record, note in notes:
            user = min(users, key=lambda user: (load[user.id], user.id))
            load[user.id] += 1
            theirs = kind.with_context(lang=user.lang)
            values.append(
                {
                    "res_model_id": self.env["ir.model"]._get_id(record._name),
                    "res_id": record.id,
                    "activity_type_id": kind.id,
                    "summary": theirs.summary,
                    "note": plaintext2html(wording.retold(theirs.env, note)),
                    "user_id": user.id,
                }
            )
        activities = self.env["mail.activity"].sudo()
        activities.with_context(mail_activity_quick_update=True).create(values)

    def _open_alerts(self, activity_type):
        """Return the open activities of a type on these records."""
        kind = self.env.ref(f"spp_dci_client_crvs.activity_type_{activity_type}")
        return (
            self.env["mail.activity"]
            .sudo()
            .search(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "in", self.ids),
                    ("activity_type_id", "=", kind.id),
                ]
            )
        )

    @api.model
    def _alert_load(self, activity_type, users):
        kind = self.env.ref(f"spp_dci_client_crvs.activity_type_{activity_type}")
        groups = self.env["mail.activity"]._read_group(
            [("user_id", "in", users.ids), ("activity_type_id", "=", kind.id)],
            ["user_id"],
            ["__count"],
        )
        return Counter({user.id: count for user, count in groups})


class Job(NamedTuple):
    """A piece of a scheduler's work, committed by itself.

    :param work: does it; returns how many things got done
    :param failed: called with the error in a new transaction when it broke down
    """

    work: object
    failed: object


class CRVSScheduledMixin(models.AbstractModel):
    """Work that a scheduled action does, its waking, and saying so when that is switched off.

    Odoo switches a scheduled action off that keeps failing, and then it cannot be woken either:
    whoever waits for its work must see why nothing happens.
    """

    _name = "spp.dci.crvs.scheduled.mixin"
    _description = "Work of a CRVS Scheduler"

    # Name of the scheduled action among this addon's.
    _scheduler = None

    scheduler_off = fields.Boolean(compute="_compute_scheduler_off")

    def _compute_scheduler_off(self):
        self.scheduler_off = not self._crons()

    @api.model
    def _first_cron(self):
        """Return the scheduled action that this addon brought, empty when it was deleted."""
        cron_id = self.env["ir.model.data"]._xmlid_to_res_id(
            f"spp_dci_client_crvs.{self._scheduler}"
        )
        return self.env["ir.cron"].sudo().browse(cron_id or ())

    @api.model
    def _crons(self):
        """Return the scheduled actions that share this work, as far as they are switched on."""
        first = self._first_cron().exists()
        if not first:
            return first
        # The technical user's environment shows archived records too.
        return first.with_context(active_test=True).search(
            [("model_id", "=", first.model_id.id), ("code", "=", first.code)]
        )

    @api.model
    def _wake_scheduler(self, crons=None):
        """Have the work done as soon as this transaction is committed.

        A scheduled action is not triggered when it will run after this transaction anyway. Leaning
        on a trigger that exists is safe only while it is locked against deletion until our commit:
        the scheduler deletes it when a run begins, so the run that takes it begins after our commit
        and sees what we committed. A trigger that a run has deleted already, though not yet
        committed, is locked by it and skipped here: then a new one is made. Young ones only, since
        a crowd that keeps locking one row would keep the scheduler waiting.

        :param crons: ``ir.cron`` records instead of the one that this addon brought
        """
        now = fields.Datetime.now()
        for cron in self._first_cron() if crons is None else crons:
            self.env.cr.execute(
                SQL(
                    """
                    SELECT id FROM ir_cron_trigger
                     WHERE cron_id = %s AND call_at BETWEEN %s AND %s
                           -- Of one made for a later moment nobody tells the scheduler.
                           AND call_at <= create_date + interval '1 second'
                     LIMIT 1 FOR KEY SHARE SKIP LOCKED
                    """,
                    cron.id,
                    now - timedelta(seconds=TRIGGER_AGE_S),
                    now,
                ),
                log_exceptions=False,
            )
            if not self.env.cr.rowcount:
                cron.sudo()._trigger()

    @api.model
    def _wake_scheduler_at(self, moment):
        """Have the work done at a later moment too, unless it is done before that anyway.

        :param datetime moment: naive UTC
        """
        cron = self._current_cron() or self._first_cron().exists()
        now = fields.Datetime.now()
        if not cron or moment >= cron.nextcall:
            return
        # So much later that :meth:`_wake_scheduler` tells it from one for that same moment.
        moment = max(moment, now + timedelta(seconds=2 * TRIGGER_AGE_S))
        known = self.env["ir.cron.trigger"].sudo()
        if not known.search_count(
            [("cron_id", "=", cron.id), ("call_at", ">", now), ("call_at", "<=", moment)], limit=1
        ):
            cron._trigger(at=moment)

    @api.model
    def _current_cron(self):
        """Return the scheduled action that runs this, empty outside of one."""
        return self.env["ir.cron"].sudo().browse(self.env.context.get("cron_id") or ())

    @api.model
    def _work_off(self, jobs):
        """Do jobs one after the other, each committed by itself.

        One that meets another worker's commit is begun again; one that breaks down is rolled back
        and told so, and the others go on. Nothing is raised: Odoo would in time switch the
        scheduled action off.

        :param jobs: iterable of :class:`Job`; each is taken when the one before is committed
        :return: False when the time was up before the jobs were; the scheduler is woken then
        :rtype: bool
        """
        for job in jobs:
            with log_guard.statements_hidden():
                time_left = self._do(job)
            if not time_left:
                # Odoo only notes that there is more to do, and looks a minute later.
                self._wake_scheduler(self._current_cron() or None)
                self.env.cr.commit()  # pylint: disable=invalid-commit
                return False
        return True

    @api.model
    def _do(self, job):
        """Do one job and commit it; only a lost connection is raised.

        :return: seconds left for the run
        """
        for conflicts in range(1, MAX_CONFLICTS + 1):
            try:
                return self._commit(job.work())
            except TransactionRollbackError as error:
                # Another worker committed a row of ours after our snapshot: look again.
                self.env.cr.rollback()
                failure = error
                time.sleep(random.uniform(0, 0.05 * conflicts))
            except Exception as error:  # noqa: BLE001  one job must not keep the others waiting
                self.env.cr.rollback()
                failure = error
                break
        return self._tell_failed(job, failure)

    @api.model
    def _commit(self, done):
        self.env.flush_all()
        return self.env["ir.cron"]._commit_progress(done or 0, remaining=0)

    @api.model
    def _tell_failed(self, job, error):
        try:
            job.failed(error)
            return self._commit(0)
        except Exception as failure:  # noqa: BLE001  the log line is then all there is
            self.env.cr.rollback()
            _logger.warning(
                "CRVS work of %s failed (%s), which could not be noted (%s)",
                self._scheduler,
                log_guard.describe(error),
                log_guard.describe(failure),
            )
            return self._commit(0)
