// Entry point of every page. What is exported here, and the element names crm-board, crm-desk, crm-chart, crm-timer and
// crm-pick, is all a plugin's own module may rely on: import { toast, say, base, live, desk } from 'crm'.
import { base, $, word, toast, say } from './core.js';
import './shell.js';
import './nav.js';
import './palette.js';
import './pick.js';
import './records.js';
import './board.js';
import './lists.js';
import './desk.js';
import './charts.js';
import './wizard.js';
import { live } from './live.js';

export { base, live, say, toast };
export const desk = { open: (options) => $('#desk').open(options) };
performance.mark('crm:ready');
