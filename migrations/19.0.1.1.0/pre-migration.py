"""XML ids bear the names of OpenSPP's own scheme now; what they name stays what it is."""

_RENAMED = r"""
UPDATE ir_model_data
   SET name = CASE
           WHEN name = 'view_res_partner_crvs_form' THEN 'view_spp_dci_crvs_partner_form'
           WHEN name LIKE 'mail_activity_%' THEN replace(name, 'mail_activity_', 'activity_type_')
           ELSE regexp_replace(
               regexp_replace(name, '^(action|menu|view)_crvs_', '\1_spp_dci_crvs_'),
               '^(view_.*)_list$', '\1_tree')
       END
 WHERE module = 'spp_dci_client_crvs'
   AND (name ~ '^(action|menu|view)_crvs_' OR name ~ '^view_spp_dci_crvs_.*_list$'
        OR name ~ '^mail_activity_(key_fetch_failed|pull|sender_changed|subscription)$'
        OR name = 'view_res_partner_crvs_form')
"""


def migrate(cr, version):
    """Rename them before the data files are read."""
    if version:
        cr.execute(_RENAMED)
