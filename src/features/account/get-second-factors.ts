import type { Authorized } from "../../access/authorized";
import { secondFactorsOf } from "../../identity/second-factors";
import type { SecondFactors } from "../../platform/contract/second-factors";

/** What somebody has enrolled. A session that waits for a second factor may ask too: its page has to know for which. */
export async function getSecondFactors({
  request,
  object,
}: Authorized<"account:read", "person">): Promise<SecondFactors> {
  return request.runtime.database.transaction("identity", null, (tx) => secondFactorsOf(tx, object.userId));
}
