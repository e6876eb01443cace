"""The course's command line: `tito test`, `tito hint`, `tito milestone` and what else a learner and the editor's tasks call."""
