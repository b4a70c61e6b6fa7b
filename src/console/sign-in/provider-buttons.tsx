import { Button, Stack } from "@mantine/core";
import { useEffect, useState } from "react";
import { api } from "../requests/api";
import { RefusalAlert } from "../requests/refusal-alert";
import { returnAddress } from "../requests/return-address";
import { beginSignInAt } from "../requests/sign-in-requests";
import { useRequest } from "../requests/use-request";

interface OfferedProvider {
  readonly slug: string;
  readonly name: string;
}

/** "Sign in with <name>", for each provider. If the address names an organization, its providers are shown. */
export function ProviderButtons() {
  const [providers, setProviders] = useState<readonly OfferedProvider[]>([]);
  const { isBusy, refused, run } = useRequest();
  useEffect(() => {
    const organization = new URLSearchParams(location.search).get("organization");
    // Without the list, the other ways to sign in still work.
    api.auth.providers.query(organization === null ? {} : { organization }).then(setProviders, () => setProviders([]));
  }, []);
  const begin = ({ slug }: OfferedProvider) =>
    run(async () => location.assign(await beginSignInAt(slug, returnAddress(location))));
  if (providers.length === 0) return null;
  return (
    <Stack gap="xs">
      <RefusalAlert refused={refused} />
      {providers.map((provider) => (
        <Button key={provider.slug} variant="default" loading={isBusy} onClick={() => void begin(provider)}>
          Sign in with {provider.name}
        </Button>
      ))}
    </Stack>
  );
}
