-- A copy of the database must not speak to the real registries, nor as us. Only columns that exist
-- on OpenSPP 2 as well; its tables may lack some, so the base module's are looked at first.
DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT target.*
          FROM (VALUES
                   ('spp_dci_data_source', 'base_url', '''https://neutralized.invalid'''),
                   ('spp_dci_data_source', 'oauth2_token_url', '''https://neutralized.invalid'''),
                   ('spp_dci_data_source', 'oauth2_client_id', ''''''),
                   ('spp_dci_data_source', 'oauth2_client_secret', ''''''),
                   ('spp_dci_data_source', 'bearer_token', ''''''),
                   ('spp_dci_data_source', 'our_callback_uri', 'NULL'),
                   ('spp_dci_signing_key', 'private_key', ''''''),
                   ('spp_dci_signing_key', 'state', '''revoked''')
               ) AS target (table_name, column_name, value)
          JOIN information_schema.columns found USING (table_name, column_name)
         WHERE found.table_schema = current_schema()
    LOOP
        EXECUTE format(
            'UPDATE %I SET %I = %s', wanted.table_name, wanted.column_name, wanted.value
        );
    END LOOP;
END
$$;

-- Keys stay as they are, but nobody fetches new ones.
UPDATE spp_dci_crvs_sender SET jwks_url = NULL;

-- What the real system has subscribed to is not the copy's to renew or to end.
UPDATE spp_dci_crvs_subscription
   SET state = 'cancelled', to_renew = FALSE, reason = 'neutralized'
 WHERE state IN ('requested', 'active') OR to_renew;

UPDATE spp_dci_crvs_pull SET active = FALSE, next_date = NULL;

UPDATE spp_dci_crvs_check SET state = 'paused' WHERE state = 'running';

UPDATE spp_dci_crvs_request SET state = 'expired' WHERE state = 'pending';

UPDATE ir_cron
   SET active = FALSE
 WHERE id IN (
           SELECT res_id FROM ir_model_data
            WHERE module = 'spp_dci_client_crvs'
              AND model = 'ir.cron'
              AND name IN (
                  'ir_cron_refresh_sender_keys', 'ir_cron_subscriptions', 'ir_cron_checks',
                  'ir_cron_pulls', 'ir_cron_requests'
              )
       );
