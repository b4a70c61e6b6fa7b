-- The transaction's organization is being deleted: its claims stay until p_ends_at.
create or replace function portcullis_end_claims(p_ends_at timestamptz) returns void
  language sql volatile security definer set search_path = public, pg_temp as $$
  update claims set ends_at = p_ends_at where organization_id = portcullis_organization()
$$;

revoke execute on function portcullis_end_claims from public;
grant execute on function portcullis_end_claims to portcullis_tenant;
