import { Page } from "./page";

export function NotFoundPage() {
  return (
    <Page title="There is no such page">
      <p>
        <a href="/">Back to the first page</a>
      </p>
    </Page>
  );
}
