create or replace function portcullis_claim_upstreams(p_claim_ids text[], p_gateway_id text, p_keys text[], p_now timestamptz) returns text
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  v_org text := portcullis_organization();
begin
  if v_org is null then raise exception 'no organization is set'; end if;
  perform portcullis_lock_claims(p_gateway_id);
  if exists (select 1 from claims c where c.gateway_id = p_gateway_id and c.kind = 'upstream'
      and c.organization_id <> v_org and c.value = any (p_keys)) then
    return 'taken';
  end if;
  insert into claims (claim_id, organization_id, gateway_id, kind, value, created_at)
    select n.claim_id, v_org, p_gateway_id, 'upstream', n.value, p_now
    from unnest(p_claim_ids, p_keys) as n (claim_id, value)
    where not exists (select 1 from claims c where c.gateway_id = p_gateway_id and c.kind = 'upstream' and c.value = n.value);
  return 'claimed';
end $$;

revoke execute on function portcullis_claim_upstreams from public;
grant execute on function portcullis_claim_upstreams to portcullis_tenant;
