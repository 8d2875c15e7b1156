-- Webhook triggers keep their definition and send nothing: the function they call is there and does nothing.
CREATE SCHEMA IF NOT EXISTS supabase_functions;

CREATE OR REPLACE FUNCTION supabase_functions.http_request() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RETURN coalesce(NEW, OLD);
END
$$;
COMMENT ON FUNCTION supabase_functions.http_request() IS 'Does nothing: webhooks are the app''s own work now.';
