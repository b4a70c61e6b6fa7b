-- Ends a host claim that no route uses. Returns 'released', 'in_use', or 'gone'.
create or replace function portcullis_release_host(p_claim_id text, p_gateway_id text) returns text
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  v_host text;
begin
  perform portcullis_lock_claims(p_gateway_id);
  select c.value into v_host from claims c
    where c.claim_id = p_claim_id and c.gateway_id = p_gateway_id and c.kind = 'host'
      and c.organization_id = portcullis_organization();
  if not found then return 'gone'; end if;
  if exists (select 1 from routes r where r.gateway_id = p_gateway_id and r.host = v_host) then return 'in_use'; end if;
  delete from claims c where c.claim_id = p_claim_id;
  return 'released';
end $$;

revoke execute on function portcullis_release_host from public;
grant execute on function portcullis_release_host to portcullis_tenant;
