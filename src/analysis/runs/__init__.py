"""One report, many, and JupyterLab.

run        How does a notebook become a report, and what if it fails or its kernel dies?
page       How does an executed notebook become one HTML file that needs nothing else?
record     What does a run leave behind?
reports    Which reports are there, which runs failed, and how is a report opened?
batch      How are many reports made, each as if it were the only one?
workers    What is asked of whoever makes reports, and what became of it?
worker     Who makes the reports of a batch?
cluster    How are the reports of a batch made on other machines?
forked     How does a report begin with everything imported and read?
kernel     Where does a kernel run?
preloaded  What does a report need before it starts?
lab        How is JupyterLab opened on the notebooks?
"""

from analysis import face

NAMES = (
    "run.load_engine run.prepare run.render reports.browse reports.find_report batch.ALL batch.chains batch.names_in "
    "batch.progress batch.run_batch batch.summary workers.local_workers cluster.dask_workers forked.ask forked.warm "
    "lab.find_notebook lab.open_lab"
)
__getattr__, __dir__ = face(__name__, NAMES)
