-- A copy of the database must not speak to the real registries, nor as us.
UPDATE spp_dci_data_source
   SET base_url = 'https://neutralized.invalid',
       oauth2_token_url = NULL,
       oauth2_client_id = NULL,
       oauth2_client_secret = NULL,
       bearer_token = NULL,
       basic_username = NULL,
       basic_password = NULL;


UPDATE spp_dci_signing_key
   SET private_key = NULL;
