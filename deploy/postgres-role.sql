-- A role that sees which flows a webhook starts, and nothing else: no credentials, no names, no users.
-- As the owner of Automatisch's database:   psql DATABASE -f postgres-role.sql
-- then give it a password, typed unseen:    psql DATABASE -c '\password hookwarden'
create role hookwarden login connection limit 4;
alter role hookwarden set default_transaction_read_only = on;
alter role hookwarden set statement_timeout = '10s';
grant usage on schema public to hookwarden;
grant select (id, active, deleted_at) on flows to hookwarden;
grant select (flow_id, type, app_key, webhook_path, deleted_at) on steps to hookwarden;
