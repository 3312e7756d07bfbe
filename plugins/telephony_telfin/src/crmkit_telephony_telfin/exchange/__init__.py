"""A telephone exchange of the CRM's own, to try things out with: the fake PBX in the process that serves, and a page to answer at."""
