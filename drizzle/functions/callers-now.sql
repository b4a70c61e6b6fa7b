-- What decides about callers whose requests last, one row for each of p_callers: {"number", "kind", "hash",
-- "organization"}. state is a digest that changes when a caller's credential ends, or when the caller has another
-- organization or other roles. It is null if the credential does not exist any more. Times of use do not count.
create or replace function portcullis_callers_now(p_callers jsonb, p_now timestamptz)
  returns table (number integer, state text)
  language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
  v_caller jsonb;
  v_principal jsonb;
  v_org text;
  v_theirs boolean;
begin
  for v_caller in select c from jsonb_array_elements(p_callers) c loop
    number := (v_caller ->> 'number')::integer;
    state := null;
    select p.principal, p.organization_id, p.theirs into v_principal, v_org, v_theirs
      from portcullis_principal(v_caller ->> 'kind', v_caller ->> 'hash', v_caller ->> 'organization') p;
    if found then
      state := md5(jsonb_build_array(v_org, v_theirs, v_principal - array['lastSeenAt', 'lastUsedAt', 'lastUsedIp'],
        coalesce((v_principal ->> 'expiresAt')::timestamptz <= p_now, false),
        coalesce((v_principal ->> 'lastSeenAt')::timestamptz
          + make_interval(secs => (v_principal ->> 'idleSeconds')::integer) <= p_now, false),
        portcullis_holder(v_principal ->> 'userId', v_principal ->> 'serviceAccountId', v_org, null),
        (select l.object from portcullis_locate_reach(null, v_org, v_principal, '') l),
        portcullis_organization_facts(v_org, v_principal) -> 'requireSecondFactor')::text);
    end if;
    return next;
  end loop;
end $$;

revoke execute on function portcullis_callers_now from public;
grant execute on function portcullis_callers_now to portcullis_gate;
