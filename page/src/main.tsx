/** What changed, for people. */
import { render } from 'preact';
import { Page } from './parts/page.tsx';
import { start } from './store.ts';

start();
const place = document.getElementById('page');
if (place) render(<Page />, place);
