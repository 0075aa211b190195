-- The three database roles of CallSphere. Run by a superuser, in every database the application uses and in
-- template1 (which test databases are copied from); running it again changes nothing but passwords.
-- Before it: set_config('setup.owner_password', …, false) and set_config('setup.app_password', …, false).

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'callsphere_owner') THEN
    CREATE ROLE callsphere_owner;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'callsphere_app') THEN
    CREATE ROLE callsphere_app;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'callsphere_platform') THEN
    CREATE ROLE callsphere_platform;
  END IF;

  -- Migrations, and making test databases. Nothing that runs all day logs in with it.
  EXECUTE format(
    'ALTER ROLE callsphere_owner LOGIN CREATEDB NOSUPERUSER NOBYPASSRLS NOCREATEROLE PASSWORD %L',
    current_setting('setup.owner_password'));
  -- Web, API and workers: bound by every row-level-security policy.
  EXECUTE format(
    'ALTER ROLE callsphere_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD %L',
    current_setting('setup.app_password'));
END
$$;

-- Support's admin and the sweepers: sees all tenants, by policies of its own. Nobody logs in as it.
ALTER ROLE callsphere_platform NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
-- May be switched to; not inherited, or the application would stand above the tenants' policies all the time.
GRANT callsphere_platform TO callsphere_app WITH INHERIT FALSE, SET TRUE;

-- Without a tenant or a user, the application is nobody: no rows, and no error either.
ALTER ROLE callsphere_app SET app.tenant = '00000000-0000-0000-0000-000000000000';
ALTER ROLE callsphere_app SET app."user" = '00000000-0000-0000-0000-000000000000';

-- Nobody waits for ever: not for a lock, not for an answer, and not for a transaction that was left open.
-- A request that waits longer is answered with 503; a worker's row stays due. The owner's migrations may wait.
ALTER ROLE callsphere_app SET lock_timeout = '5s';
ALTER ROLE callsphere_app SET statement_timeout = '30s';
ALTER ROLE callsphere_app SET idle_in_transaction_session_timeout = '60s';

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO callsphere_app, callsphere_platform;
-- What migrations make, the application may use; append-only tables take UPDATE and DELETE away again.
ALTER DEFAULT PRIVILEGES FOR ROLE callsphere_owner IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO callsphere_app, callsphere_platform;
ALTER DEFAULT PRIVILEGES FOR ROLE callsphere_owner IN SCHEMA public
  GRANT USAGE, SELECT ON SEQUENCES TO callsphere_app, callsphere_platform;
