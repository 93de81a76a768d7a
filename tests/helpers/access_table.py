"""Who may do what: every model, public method and restricted field of this addon.

Roles stand for a user with that group alone, who may export where Odoo knows exports. ``system``
is an administrator of Odoo who is not in a CRVS group: root of trust beside the managers, and no
reader of what registries sent.
"""

ROLES = {
    "portal": "base.group_portal",
    "plain": "base.group_user,base.group_allow_export",
    "viewer": "spp_dci_client_crvs.group_crvs_viewer,base.group_allow_export",
    "auditor": "spp_dci_client_crvs.group_crvs_auditor,base.group_allow_export",
    "officer": "spp_dci_client_crvs.group_crvs_officer,base.group_allow_export",
    "manager": "spp_dci_client_crvs.group_crvs_manager,base.group_allow_export",
    "system": "base.group_system,base.group_allow_export",
}

_VIEWERS = {"viewer": "r", "auditor": "r", "officer": "r", "manager": "r"}
_READERS = {"auditor": "r", "officer": "r", "manager": "r"}
_WIZARD_OF_OFFICERS = {"officer": "crwd", "manager": "crwd"}
_WIZARD_OF_MANAGERS = {"manager": "crwd"}
# Letters: create, read, write, delete. A role that is not named may do nothing.
RIGHTS = {
    "spp.dci.crvs.check": {**_READERS, "manager": "rd"},
    "spp.dci.crvs.check.line": _READERS,
    "spp.dci.crvs.check.pause": _WIZARD_OF_OFFICERS,
    "spp.dci.crvs.check.wizard": {"officer": "crwd", "manager": "crwd"},
    "spp.dci.crvs.candidate": _READERS,
    # Every internal user reads what happened to whom; which fields, is tested beside this table.
    "spp.dci.crvs.event": {**_VIEWERS, "plain": "r", "system": "r"},
    "spp.dci.crvs.connect.wizard": {"manager": "crwd", "system": "crwd"},
    "spp.dci.crvs.dialect.wizard": {"manager": "crwd", "system": "crwd"},
    "spp.dci.crvs.birth.answer": {"officer": "r", "manager": "r"},
    "spp.dci.crvs.death.answer": {"officer": "r", "manager": "r"},
    "spp.dci.crvs.last.check": {},
    "spp.dci.crvs.event.reassign": _WIZARD_OF_OFFICERS,
    "spp.dci.crvs.event.review": _WIZARD_OF_OFFICERS,
    "spp.dci.crvs.event.reverse": _WIZARD_OF_MANAGERS,
    "spp.dci.crvs.event.wait": {},
    "spp.dci.crvs.id.type": {**_VIEWERS, "manager": "crwd", "system": "crwd"},
    "spp.dci.crvs.import.wizard": _WIZARD_OF_MANAGERS,
    "spp.dci.crvs.message": _VIEWERS,
    "spp.dci.crvs.overview": dict.fromkeys(_VIEWERS, "cr"),
    "spp.dci.crvs.pull": {**_VIEWERS, "manager": "crwd", "system": "r"},
    "spp.dci.crvs.request": {"auditor": "r", "manager": "r"},
    "spp.dci.crvs.sender": {**_VIEWERS, "manager": "crw", "system": "crw"},
    "spp.dci.crvs.sender.key": {**_VIEWERS, "system": "r"},
    "spp.dci.crvs.subscribe.wizard": {"manager": "crwd", "system": "crwd"},
    "spp.dci.crvs.subscription": {**_VIEWERS, "system": "r"},
    "spp.dci.crvs.undo": {"auditor": "r", "manager": "r"},
    "spp.dci.crvs.undo.line": {"auditor": "r", "manager": "r"},
    "spp.dci.crvs.undo.start": _WIZARD_OF_MANAGERS,
}

_VIEWING = {"viewer", "auditor", "officer", "manager"}
_OFFICERS = {"officer", "manager"}
_READING = {"auditor", "officer", "manager"}
_MANAGERS = {"manager"}
_ROOT_OF_TRUST = {"manager", "system"}
# Who may call a method; everybody else gets an AccessError. Methods that override Odoo's own
# (create, write, copy …) follow the rights above.
METHODS = {
    ("spp.dci.data.source", "action_find_dialect"): _ROOT_OF_TRUST,
    ("spp.dci.data.source", "action_connect"): _ROOT_OF_TRUST,
    ("spp.dci.crvs.connect.wizard", "action_back"): _ROOT_OF_TRUST,
    ("spp.dci.crvs.connect.wizard", "action_fetch"): _ROOT_OF_TRUST,
    ("spp.dci.crvs.connect.wizard", "action_find_dialect"): _ROOT_OF_TRUST,
    ("spp.dci.crvs.connect.wizard", "action_later"): _ROOT_OF_TRUST,
    ("spp.dci.crvs.connect.wizard", "action_look_again"): _ROOT_OF_TRUST,
    ("spp.dci.crvs.connect.wizard", "action_next"): _ROOT_OF_TRUST,
    ("spp.dci.crvs.connect.wizard", "action_resume"): _ROOT_OF_TRUST,
    ("spp.dci.crvs.dialect.wizard", "action_use"): _ROOT_OF_TRUST,
    ("res.partner", "action_crvs_check_death"): _OFFICERS,
    ("res.partner", "action_crvs_verify_birth"): _OFFICERS,
    ("spp.dci.crvs.birth.answer", "action_mark_verified"): _OFFICERS,
    ("spp.dci.crvs.death.answer", "action_record"): _OFFICERS,
    ("spp.dci.crvs.check", "action_pause"): _OFFICERS,
    ("spp.dci.crvs.check", "action_apply"): _MANAGERS,
    ("spp.dci.crvs.check", "action_rerun_failed"): _OFFICERS,
    ("spp.dci.crvs.check", "action_resume"): _OFFICERS,
    ("spp.dci.crvs.check", "action_check_again"): _OFFICERS,
    ("spp.dci.crvs.check", "action_pause_unknown"): _OFFICERS,
    ("spp.dci.crvs.check", "action_rerun_unknown"): _OFFICERS,
    ("spp.dci.crvs.check", "action_view_results"): _READING,
    ("spp.dci.crvs.check.line", "action_leave_out"): _OFFICERS,
    ("spp.dci.crvs.check.line", "action_open_registrant"): _READING,
    ("spp.dci.crvs.check.line", "action_pause"): _OFFICERS,
    ("spp.dci.crvs.check.line", "action_take_back"): _OFFICERS,
    ("spp.dci.crvs.check.pause", "action_confirm"): _OFFICERS,
    ("spp.dci.crvs.check.wizard", "action_start"): _OFFICERS,
    ("spp.dci.crvs.candidate", "action_choose"): _OFFICERS,
    ("spp.dci.crvs.event", "action_nobody"): _OFFICERS,
    ("spp.dci.crvs.event", "action_process_now"): _OFFICERS,
    ("spp.dci.crvs.event", "action_reassign"): _MANAGERS,
    ("spp.dci.crvs.event", "action_retry"): _OFFICERS,
    ("spp.dci.crvs.event", "action_review"): _OFFICERS,
    ("spp.dci.crvs.event", "count_needs_me"): set(ROLES) - {"portal"},
    ("spp.dci.crvs.event.review", "action_confirm"): _OFFICERS,
    ("spp.dci.crvs.event", "action_release"): _MANAGERS,
    ("spp.dci.crvs.event", "action_retry_processing"): _OFFICERS,
    ("spp.dci.crvs.event", "action_reverse"): _MANAGERS,
    ("spp.dci.crvs.event", "action_undo_withdrawn"): _MANAGERS,
    ("spp.dci.crvs.event", "process_event"): _OFFICERS,
    ("spp.dci.crvs.event.reassign", "action_confirm"): _MANAGERS,
    ("spp.dci.crvs.event.reverse", "action_confirm"): _MANAGERS,
    ("spp.dci.crvs.import.wizard", "action_import"): _MANAGERS,
    ("spp.dci.crvs.processor", "process"): _OFFICERS,
    ("spp.dci.crvs.processor.birth", "process"): _OFFICERS,
    ("spp.dci.crvs.processor.civil_status", "process"): _OFFICERS,
    ("spp.dci.crvs.processor.death", "process"): _OFFICERS,
    ("spp.dci.crvs.processor.divorce", "process"): _OFFICERS,
    ("spp.dci.crvs.processor.marriage", "process"): _OFFICERS,
    ("spp.dci.crvs.overview", "action_open"): _VIEWING,
    ("spp.dci.crvs.pull", "action_run_now"): _MANAGERS,
    ("spp.dci.crvs.sender", "action_fetch_public_key"): _ROOT_OF_TRUST,
    ("spp.dci.crvs.sender", "fetch_public_key"): _ROOT_OF_TRUST,
    ("spp.dci.crvs.sender", "get_by_sender_id"): _VIEWING | {"system"},
    ("spp.dci.crvs.sender.key", "action_readmit"): _ROOT_OF_TRUST,
    ("spp.dci.crvs.sender.key", "action_revoke"): _ROOT_OF_TRUST,
    ("spp.dci.crvs.subscribe.wizard", "action_subscribe"): _ROOT_OF_TRUST,
    ("spp.dci.crvs.subscription", "action_ask_status"): _ROOT_OF_TRUST,
    ("spp.dci.crvs.subscription", "action_unsubscribe"): _MANAGERS,
    ("spp.dci.crvs.undo.start", "action_confirm"): _MANAGERS,
}

# The least of those who act that may know a field of a model which lesser ones may read. Auditors,
# who stand beside them, read all of these.
FIELDS = {
    ("res.partner", "crvs_checked_by"): "viewer",
    ("res.partner", "crvs_checked_date"): "viewer",
    ("res.partner", "crvs_checked_result"): "viewer",
    ("res.partner", "crvs_checked_source_id"): "viewer",
    ("res.partner", "crvs_checked_text"): "viewer",
    ("res.partner", "crvs_event_count"): "viewer",
    ("res.partner", "crvs_event_ids"): "viewer",
    ("res.partner", "crvs_last_check_ids"): "viewer",
    ("spp.dci.crvs.event", "candidate_ids"): "officer",
    ("spp.dci.crvs.event", "changes"): "manager",
    ("spp.dci.crvs.event", "identifier_value"): "officer",
    ("spp.dci.crvs.event", "date_text"): "officer",
    ("spp.dci.crvs.event", "to_recover"): "officer",
    ("spp.dci.crvs.event", "digest"): "manager",
    ("spp.dci.crvs.event", "not_restored"): "manager",
    ("spp.dci.crvs.event", "raw_data"): "manager",
    ("spp.dci.crvs.event", "raw_text"): "manager",
    ("spp.dci.crvs.event", "review_remark"): "officer",
    ("spp.dci.crvs.event", "registration_number"): "officer",
    ("spp.dci.crvs.event", "undo_reason"): "officer",
    ("spp.dci.crvs.message", "body"): "manager",
    ("spp.dci.crvs.message", "body_text"): "manager",
    ("spp.dci.crvs.message", "refused_items"): "manager",
    ("spp.dci.crvs.message", "request_id"): "manager",
    ("spp.dci.crvs.message", "signature"): "manager",
    ("spp.dci.crvs.message", "transaction_id"): "manager",
    ("spp.dci.crvs.request", "answered_references"): "manager",
    ("spp.dci.crvs.request", "pages"): "manager",
    ("spp.dci.crvs.request", "references"): "manager",
    ("spp.dci.crvs.request", "result"): "manager",
    ("spp.dci.crvs.request", "transaction_id"): "manager",
    ("spp.dci.crvs.subscription", "reference_id"): "manager",
    ("spp.dci.crvs.subscription", "transaction_id"): "manager",
}
