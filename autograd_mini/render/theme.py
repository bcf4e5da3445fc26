"""The colours of a drawing on a light and on a dark page."""

# name           light      dark
_COLOURS = """
page             #ffffff    #0f172a
ground           #ffffff    #1e293b
ink              #0f172a    #f1f5f9
quiet            #334155    #e2e8f0
border           #cbd5e1    #475569
line             #64748b    #94a3b8
root             #6366f1    #818cf8
badge            #e0e7ff    #312e81
badge ink        #3730a3    #c7d2fe
layer            #f8fafc    #131d33
layer border     #e2e8f0    #334155
neuron           #eef2ff    #1c2442
neuron border    #c7d2fe    #3b4478
neutral          #f1f5f9    #273449
positive 0       #e0f2fe    #12394f
positive 1       #bae6fd    #0c4a6e
positive 2       #7dd3fc    #075985
positive 3       #38bdf8    #0369a1
negative 0       #ffedd5    #45260f
negative 1       #fed7aa    #6b2f0e
negative 2       #fdba74    #8f3d0f
negative 3       #fb923c    #9a3412
positive line    #0284c7    #38bdf8
negative line    #ea580c    #fb923c
"""

Theme = dict[str, str]

_rows = [line.rsplit(maxsplit=2) for line in _COLOURS.strip().splitlines()]
LIGHT: Theme = {name: light for name, light, _ in _rows}
DARK: Theme = {name: dark for name, _, dark in _rows}
