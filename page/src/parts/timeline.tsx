/** What changed in a span of time: one sentence, the density, and the list. */
import { Chart } from './chart.tsx';
import { FilterBox } from './filter-box.tsx';
import { openHelp } from './keys.tsx';
import { List } from './list.tsx';
import { Notices, Sources } from './sources.tsx';
import { Summary } from './summary.tsx';
import { TimeBox } from './time-box.tsx';
import { Welcome } from './welcome.tsx';

export function Timeline() {
  return (
    <>
      <header class="top">
        <Summary />
        <Sources />
      </header>
      <main>
        <search class="controls" aria-label="Time and filter">
          <TimeBox />
          <FilterBox />
          <button type="button" class="quiet" onClick={openHelp} aria-label="Keys">
            <kbd>?</kbd>
          </button>
        </search>
        <Welcome />
        <Chart />
        <Notices />
        <List />
      </main>
    </>
  );
}
