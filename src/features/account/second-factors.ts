import { secondFactorsOf } from "#src/identity/second-factors";
import { operation } from "#src/operations/operation";
import { callerPerson } from "#src/operations/subject";
import { SecondFactors, SecondFactorsInput } from "#src/platform/contract/second-factors";

/**
 * The second factors that the caller has enrolled. A session that waits for a second factor may also call this, because
 * its page has to know which factors to offer.
 */
export const secondFactors = operation(
  {
    name: "auth.secondFactors",
    summary: "Get the second factors of the caller",
    permission: "account:read",
    on: callerPerson,
    input: SecondFactorsInput,
    output: SecondFactors,
    errors: [],
    rest: { method: "GET", path: "/account/second-factors" },
  },
  async ({ request, object }) => {
    return request.runtime.database.transaction("identity", null, (tx) => secondFactorsOf(tx, object.userId));
  },
);
