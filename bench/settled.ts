import type { Installation } from "./installation";
import { until } from "./until";

/** Waits until all pending changes and every application are delivered to all gateways; PostgreSQL only. */
export async function delivered(installation: Installation): Promise<void> {
  await until("all deliveries", async () => {
    const [row] = await installation.query(
      `select (select count(*) from changes where delivered_in is null)
         + (select count(*) from applications a where not exists (select 1 from application_states s
              where s.application_id = a.application_id and s.gateway_id = a.gateway_id)) as missing`,
    );
    return Number(row?.missing) === 0;
  });
}

/** Waits until every application is proven to be enforced; PostgreSQL only. */
export async function enforced(installation: Installation): Promise<void> {
  await delivered(installation);
  await until("all proofs", async () => {
    const [row] = await installation.query(
      "select count(*) as missing from application_states where proven_revision < revision",
    );
    return Number(row?.missing) === 0;
  });
}
