-- Which of these hosts or upstream addresses belong to another organization at a gateway: the rule of
-- portcullis_claim_host and portcullis_claim_upstreams, without a claim.
create or replace function portcullis_taken_by_others(p_gateway_id text, p_kind text, p_values text[]) returns setof text
  language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
  v_org text := portcullis_organization();
begin
  if v_org is null then raise exception 'no organization is set'; end if;
  return query
    select v from unnest(p_values) v
    where exists (select 1 from claims c
      where c.gateway_id = p_gateway_id and c.kind = p_kind and c.organization_id <> v_org
        and (c.value = v
          or (p_kind = 'host' and c.parent = substring(v from position('.' in v) + 1) and (c.wildcard or v like '*.%'))));
end $$;

revoke execute on function portcullis_taken_by_others from public;
grant execute on function portcullis_taken_by_others to portcullis_tenant;
