import type { Place } from "./place";
import { until } from "./until";

/** Waits until everything that is pending was delivered to all gateways of a PostgreSQL place, for the first time too. */
export async function delivered(place: Place): Promise<void> {
  await until("everything delivered", async () => {
    const [row] = await place.look(
      `select (select count(*) from changes where delivered_in is null)
         + (select count(*) from applications a where not exists (select 1 from application_states s
              where s.application_id = a.application_id and s.gateway_id = a.gateway_id)) as missing`,
    );
    return Number(row?.missing) === 0;
  });
}

/** Waits until the gateway was seen to enforce everything. */
export async function enforced(place: Place): Promise<void> {
  await delivered(place);
  await until("everything enforced", async () => {
    const [row] = await place.look(
      "select count(*) as missing from application_states where proven_revision < revision",
    );
    return Number(row?.missing) === 0;
  });
}
