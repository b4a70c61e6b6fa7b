-- Claims a host for the transaction's organization. Two hosts under one parent overlap if they are equal or if one of them
-- is the wildcard of the parent.
create or replace function portcullis_claim_host(p_claim_id text, p_gateway_id text, p_host text, p_parent text, p_wildcard boolean, p_now timestamptz)
  returns table (outcome text, deny_group integer)
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  v_org text := portcullis_organization();
begin
  if v_org is null then raise exception 'no organization is set'; end if;
  perform portcullis_lock_claims(p_gateway_id);
  if exists (select 1 from claims c where c.gateway_id = p_gateway_id and c.kind = 'host' and c.organization_id <> v_org
      and (c.value = p_host or (c.parent = p_parent and (c.wildcard or p_wildcard)))) then
    outcome := 'taken';
    return next;
    return;
  end if;
  select 'held', c.deny_group into outcome, deny_group
    from claims c where c.gateway_id = p_gateway_id and c.kind = 'host' and c.value = p_host;
  if found then return next; return; end if;
  select max(c.deny_group) into deny_group
    from claims c where c.organization_id = v_org and c.gateway_id = p_gateway_id;
  if deny_group is null then
    deny_group := 0;
  elsif (select count(*) from claims c where c.organization_id = v_org and c.gateway_id = p_gateway_id
      and c.deny_group = portcullis_claim_host.deny_group) >= 100 then
    deny_group := deny_group + 1;
  end if;
  insert into claims (claim_id, organization_id, gateway_id, kind, value, parent, wildcard, deny_group, created_at)
    values (p_claim_id, v_org, p_gateway_id, 'host', p_host, p_parent, p_wildcard, portcullis_claim_host.deny_group, p_now);
  outcome := 'claimed';
  return next;
end $$;

revoke execute on function portcullis_claim_host from public;
grant execute on function portcullis_claim_host to portcullis_tenant;
