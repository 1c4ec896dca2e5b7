/** The whole page: the timeline, or one change in its place. */
import { useEffect, useErrorBoundary, useRef } from 'preact/hooks';
import { announcement, needsKey, view } from '../store.ts';
import { ChangePage } from './change-page.tsx';
import { KeyForm } from './key-form.tsx';
import { Help, useKeys } from './keys.tsx';
import { Timeline } from './timeline.tsx';

export function Page() {
  const [error] = useErrorBoundary();
  useKeys();
  const { event } = view.value;
  const scrolledTo = useRef(0);
  useEffect(() => {
    if (event === null) return scrollTo(0, scrolledTo.current);
    scrollTo(0, 0);
  }, [event]);
  useEffect(() => {
    const remember = () => {
      if (view.value.event === null) scrolledTo.current = scrollY;
    };
    addEventListener('scroll', remember, { passive: true });
    return () => removeEventListener('scroll', remember);
  }, []);

  if (error) {
    return (
      <main class="state">
        <h1>The page has a fault</h1>
        <p>Load it again. The address keeps what you were looking at.</p>
        <p>
          <code>{String(error)}</code>
        </p>
      </main>
    );
  }
  if (needsKey.value) return <KeyForm />;
  return (
    <>
      {/* It stays, so that the way back is to where one was. */}
      <div hidden={event !== null}>
        <Timeline />
      </div>
      {event !== null && <ChangePage key={event} id={event} />}
      <Help />
      <div class="unseen" role="status">
        {announcement.value}
      </div>
    </>
  );
}
