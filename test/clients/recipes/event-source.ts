/** Without a library: the browser reconnects by itself, and says what it has had last. `close()` ends it. */
export function follow(url: string, query: string, tell: (batch: unknown) => void): EventSource {
  const source = new EventSource(`${url}?${new URLSearchParams({ query })}`);
  source.addEventListener('next', (event) => {
    const { data, errors } = JSON.parse(event.data);
    if (data) tell(data.flagEventsAdded);
    // After any other error it would only fail again.
    else if (errors[0].extensions?.code !== 'SUBSCRIPTION_ENDED') source.close();
  });
  return source;
}
