import { expect, test } from "vitest";
import { signInErrorText } from "#src/console/requests/sign-in-requests";

test("the text of a sign-in error says what to ask an administrator for", () => {
  expect(signInErrorText("provider_email_unverified")).toMatch(/email_verified .*xms_edov.*emailProof/);
  expect(signInErrorText("provider_email_missing")).toContain("claim email");
  expect(signInErrorText("provider_groups_unknown")).toContain("send your groups");
  for (const error of ["provider_refused", "constructor", "<b>"]) {
    expect(signInErrorText(error)).toContain("the provider's last refusal");
  }
});
