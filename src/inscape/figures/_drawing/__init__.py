"""What several figures are drawn with, and is no figure itself.

| file | what lives there |
|---|---|
| `style` | colours, type, spacing; the context that applies them; `png` |
| `labels` | words beside marks, moved apart |
| `classes` | the labels of points: which class, its one colour and shape |
| `naming` | names of classes and items: shortened, on a map, in a legend, at most so many |
| `scales` | the spread scale of maps and its rings, and the true one |
| `panels` | one panel of a map: points, frame, axes, key |
| `glyphs` | the samples as small pictures at their codes |
| `tiles` | rows as pictures, many pictures as one sheet |
| `sphere_geometry` | flat maps of the circle and the sphere, and grids over them |
"""
