"""Local background features for out-of-distribution detection.

A package for each subject; each imports only from those below it::

                   cli
             pages  classroom
                 studies
                  runs
               evaluation
               detectors
           features   training
    metrics  networks  background_loss  datasets
                  utils
"""
