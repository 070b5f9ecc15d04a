"""One report, many, and JupyterLab.

run        How does a notebook become a report, and what if it fails or its kernel dies?
page       How does an executed notebook become one HTML file that needs nothing else?
record     What does a run leave behind?
reports    Which reports are there, which runs failed, and how is a report opened?
board      What does the list of reports show?
digest     What moved since the last report, in three plain lines that fit a mail or a chat?
verify     Is what was published still what was made?
publish    How does a report take the place of the one before it, and what does a run that fails leave?
batch      How are many reports made, each as if it were the only one?
workers    What is asked of whoever makes reports, and what became of it?
worker     Who makes the reports of a batch?
cluster    How are the reports of a batch made on other machines?
forked     How does a report begin with everything imported and read?
kernel     Where does a kernel run?
preloaded  What does a report need before it starts?
lab        How is JupyterLab opened on the notebooks?
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs={
    "run": ["load_engine", "prepare", "render", "stands"], "digest": ["changes_beside"], "reports": ["browse",
    "find_report"], "workers": ["local_workers"], "batch": ["ALL", "chains", "names_in", "progress", "run_batch",
    "summary"], "cluster": ["dask_workers"], "forked": ["ask", "warm"], "lab": ["find_notebook", "open_lab"], "verify":
    ["verify_reports"],
})  # fmt: skip
