import type { SecondFactors } from "../../contracts/second-factors";
import { secondFactorsOf } from "../../identity/second-factors";
import type { Authorized } from "../../persistence/authorized";

/** What somebody has enrolled. A session that waits for a second factor may ask too: its page has to know for which. */
export async function getSecondFactors({
  request,
  object,
}: Authorized<"account:read", "person">): Promise<SecondFactors> {
  return request.runtime.database.transaction("identity", null, (tx) => secondFactorsOf(tx, object.userId));
}
