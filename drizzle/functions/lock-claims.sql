-- Serializes all claims of one gateway: they see the claims of every organization.
create or replace function portcullis_lock_claims(p_gateway_id text) returns void
  language sql volatile as $$ select pg_advisory_xact_lock(hashtextextended('portcullis:claims:' || p_gateway_id, 0)) $$;

revoke execute on function portcullis_lock_claims from public;
