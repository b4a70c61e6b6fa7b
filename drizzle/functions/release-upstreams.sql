-- Ends claims of the transaction's organization on upstreams that no route uses.
create or replace function portcullis_release_upstreams(p_gateway_id text, p_keys text[]) returns void
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
  perform portcullis_lock_claims(p_gateway_id);
  delete from claims c
    where c.gateway_id = p_gateway_id and c.kind = 'upstream' and c.organization_id = portcullis_organization()
      and c.value = any (p_keys)
      and not exists (select 1 from routes r where r.gateway_id = p_gateway_id and r.upstream_keys @> array[c.value]);
end $$;

revoke execute on function portcullis_release_upstreams from public;
grant execute on function portcullis_release_upstreams to portcullis_tenant;
